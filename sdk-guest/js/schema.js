// Values held to the part of JSON Schema that tools use: `type`, `enum`, `items`, `properties`, `required`.

import { ArgumentError } from "./errors.js";

const TYPES = {
  string: (it) => typeof it === "string",
  number: (it) => typeof it === "number",
  integer: Number.isInteger,
  boolean: (it) => typeof it === "boolean",
  null: (it) => it === null,
  array: Array.isArray,
  object: (it) => typeof it === "object" && it !== null && !Array.isArray(it),
};

// The schema of an object with these properties; one that is `optional` may be left out.
export function record(properties) {
  const names = Object.keys(properties);
  const own = names.map((name) => {
    const { optional, ...schema } = properties[name];
    return [name, schema];
  });
  return {
    type: "object",
    properties: Object.fromEntries(own),
    required: names.filter((name) => !properties[name].optional),
    additionalProperties: false,
  };
}

// Throws an ArgumentError that says where a value does not fit.
export function fit(value, schema, place = "") {
  const unfit = (wanted) => new ArgumentError(`${place || "it"}: ${wanted} is expected`);
  const types = [schema.type ?? []].flat();
  for (const type of types) {
    if (!TYPES[type]) throw new TypeError(`${place}: JSON Schema has no type \`${type}\``);
  }
  if (types.length > 0 && !types.some((type) => TYPES[type](value))) throw unfit(types.join(" or "));
  if (schema.enum && !schema.enum.includes(value)) throw unfit(`one of ${schema.enum.join(", ")}`);
  if (schema.items && Array.isArray(value)) value.forEach((one, at) => fit(one, schema.items, `${place}[${at}]`));
  if (schema.properties && TYPES.object(value)) members(value, schema, place);
}

function members(value, { properties, required = [], additionalProperties }, place) {
  const inside = (name) => (place ? `${place}.${name}` : name);
  for (const [name, member] of Object.entries(value)) {
    if (Object.hasOwn(properties, name)) {
      fit(member, properties[name], inside(name));
    } else if (additionalProperties === false) {
      const known = Object.keys(properties).join(", ") || "nothing";
      throw new ArgumentError(`${inside(name)} is not known; there is ${known}`);
    }
  }
  const missing = required.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw new ArgumentError(`${inside(missing)} is missing`);
}
