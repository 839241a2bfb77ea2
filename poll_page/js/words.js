// The page's own sentences, in the languages of words.json. English stands in for what a language lacks.

const RIGHT_TO_LEFT = ["ar"];

function isTag(text) {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false; // an address may say anything
  }
}

export class Words {
  /** `asked`: languages in order of preference, as a browser names them ("de-AT"). */
  constructor(catalogue, asked) {
    this.catalogue = catalogue;
    const known = Object.keys(catalogue);
    const base = (tag) => tag.toLowerCase().split("-")[0];
    const found = asked.find((tag) => known.includes(base(tag)) && isTag(tag)) ?? "en";
    this.language = base(found);
    this.region = found; // how numbers and dates are written: en-GB is not en-US
    this.direction = RIGHT_TO_LEFT.includes(this.language) ? "rtl" : "ltr";
  }

  /** A sentence with its values in it. */
  say(key, values = {}) {
    const sentence = this.catalogue[this.language][key] ?? this.catalogue.en[key];
    return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  }

  number(value) {
    return new Intl.NumberFormat(this.region).format(value);
  }

  /** A moment in the reader's own time zone, which is named. */
  time(ms) {
    const form = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
    return new Intl.DateTimeFormat(this.region, form).format(ms);
  }
}
