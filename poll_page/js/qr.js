// QR codes as SVG, drawn by lean-qr.

import { correction, generate } from "../vendor/lean-qr.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET_MODULES = 4; // the white frame that the standard asks for
const LARGE = 60; // modules a side from which on they are drawn smaller

/** An SVG element: black on white in every theme, because readers expect it. `label` is for those who do not see it. */
export function qrCode(text, label) {
  const code = generate(text, { minCorrectionLevel: correction.M });
  const side = code.size + 2 * QUIET_MODULES;
  const px = side * (side < LARGE ? 6 : 4); // whole pixels a module: a request has some 90 of them, a poll's link 37
  const svg = element("svg", { width: px, height: px, viewBox: `0 0 ${side} ${side}`, role: "img", class: "qr", "shape-rendering": "crispEdges" });
  svg.setAttribute("aria-label", label);
  svg.append(element("rect", { width: side, height: side, fill: "#fff" }), element("path", { d: path(code), fill: "#000" }));
  return svg;
}

function path(code) {
  let d = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) {
      if (code.get(x, y)) d += `M${x + QUIET_MODULES} ${y + QUIET_MODULES}h1v1h-1z`;
    }
  }
  return d;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
