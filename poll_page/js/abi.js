// Solidity's ABI as far as this page needs it: arguments of unsigned numbers out, any answer or event in.
//
// Types come from the contract's own ABI (config.json), so no struct is written down twice. Numbers become BigInt, bytes
// Uint8Array, structs objects. A text that is no UTF-8 becomes one with replacement characters: a poll's maker chooses
// its bytes, and one bad poll must not hide the others.

/** The node's answer is not what the contract's ABI says. */
export class AbiError extends Error {}

const WORD = 32;
const MAX_ITEMS = 1 << 20;

/** Call data: a selector and unsigned 256-bit numbers. */
export function encodeCall(selector, ...numbers) {
  return selector + numbers.map((number) => encodeNumber(number)).join("");
}

/** A number as 64 hex digits, as it stands in call data and in a log's topics. */
export function encodeNumber(number) {
  const value = BigInt(number);
  if (value < 0n || value >> 256n) throw new RangeError(`${number} is no unsigned 256-bit number`);
  return value.toString(16).padStart(2 * WORD, "0");
}

/** Values by name, from 0x-hex. Throws `AbiError`. */
export function decode(parameters, hex) {
  return decodeTuple(parameters, bytesOf(hex), 0);
}

/** An event's values by name. Indexed ones of dynamic type are hashes in a log; this page reads none. */
export function decodeLog(parameters, log) {
  const plain = parameters.filter((parameter) => !parameter.indexed);
  const indexed = parameters.filter((parameter) => parameter.indexed);
  if (!Array.isArray(log.topics) || log.topics.length !== indexed.length + 1) throw new AbiError("a log's topics are too few or too many");
  const values = decode(plain, log.data);
  indexed.forEach((parameter, position) => {
    values[parameter.name] = decodeValue(parameter, bytesOf(log.topics[position + 1]), 0);
  });
  return values;
}

function bytesOf(hex) {
  if (typeof hex !== "string" || !/^0x([0-9a-f]{2})*$/i.test(hex)) throw new AbiError("an answer is no hex");
  const bytes = new Uint8Array((hex.length - 2) / 2);
  for (let index = 0; index < bytes.length; index++) bytes[index] = parseInt(hex.slice(2 * index + 2, 2 * index + 4), 16);
  return bytes;
}

function decodeTuple(parameters, bytes, start) {
  const values = {};
  let head = start;
  for (const parameter of parameters) {
    values[parameter.name] = isDynamic(parameter)
      ? decodeValue(parameter, bytes, start + readLength(bytes, head))
      : decodeValue(parameter, bytes, head);
    head += headSize(parameter);
  }
  return values;
}

function decodeValue(parameter, bytes, at) {
  const array = arrayOf(parameter);
  if (array) return decodeArray(array, bytes, at);
  const { type } = parameter;
  if (type === "tuple") return decodeTuple(parameter.components, bytes, at);
  if (type === "string") return new TextDecoder("utf-8", { ignoreBOM: true }).decode(readBytes(bytes, at));
  if (type === "bytes") return readBytes(bytes, at);
  const word = readWord(bytes, at);
  if (type === "bool") return narrow(word, 1n, type) === 1n;
  if (type === "address") return "0x" + narrow(word, 160n, type).toString(16).padStart(40, "0");
  if (/^uint\d+$/.test(type)) return narrow(word, BigInt(type.slice(4)), type);
  if (/^bytes\d+$/.test(type)) return "0x" + encodeNumber(word).slice(0, 2 * Number(type.slice(5)));
  throw new AbiError(`this page cannot read the type ${type}`);
}

function decodeArray({ element, length }, bytes, at) {
  const count = length ?? readLength(bytes, at);
  const start = length === undefined ? at + WORD : at;
  if (count > MAX_ITEMS) throw new AbiError(`an array of ${count} items`);
  const items = Array.from({ length: count }, (_, index) => ({ ...element, name: String(index) }));
  return Object.values(decodeTuple(items, bytes, start));
}

function arrayOf(parameter) {
  const found = /^(.*)\[(\d*)\]$/.exec(parameter.type);
  if (!found) return null;
  return { element: { ...parameter, type: found[1] }, length: found[2] === "" ? undefined : Number(found[2]) };
}

function isDynamic(parameter) {
  const array = arrayOf(parameter);
  if (array) return array.length === undefined || isDynamic(array.element);
  if (parameter.type === "tuple") return parameter.components.some(isDynamic);
  return parameter.type === "string" || parameter.type === "bytes";
}

function headSize(parameter) {
  if (isDynamic(parameter)) return WORD;
  const array = arrayOf(parameter);
  if (array) return array.length * headSize(array.element);
  if (parameter.type === "tuple") return parameter.components.reduce((size, part) => size + headSize(part), 0);
  return WORD;
}

function readWord(bytes, at) {
  if (at + WORD > bytes.length) throw new AbiError("an answer is cut short");
  let word = 0n;
  for (let index = at; index < at + WORD; index++) word = (word << 8n) | BigInt(bytes[index]);
  return word;
}

function readLength(bytes, at) {
  const word = readWord(bytes, at);
  if (word > BigInt(bytes.length)) throw new AbiError("an answer points beyond its end");
  return Number(word);
}

function readBytes(bytes, at) {
  const length = readLength(bytes, at);
  const start = at + WORD;
  if (start + length > bytes.length) throw new AbiError("an answer is cut short");
  return bytes.slice(start, start + length);
}

function narrow(word, bits, type) {
  if (word >> bits) throw new AbiError(`a ${type} has more than ${bits} bits`);
  return word;
}
