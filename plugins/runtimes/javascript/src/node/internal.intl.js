// `Intl`, as far as scripts use it: numbers, dates, lists, plurals and order, in English (en-US) and in UTC.
'use strict';

const grouped = (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ',');

const SYMBOLS = { USD: '$', EUR: '€', GBP: '£', JPY: '¥', INR: '₹', CNY: 'CN¥', KRW: '₩', BRL: 'R$', CAD: 'CA$', AUD: 'A$', MXN: 'MX$', NZD: 'NZ$', ILS: '₪', VND: '₫' };

class NumberFormat {
  constructor(locale, options = {}) { this.options = options; }
  format(value) {
    const { style, currency, useGrouping, notation, signDisplay } = this.options;
    if (typeof value !== 'bigint') value = Number(value);
    if (Number.isNaN(value)) return 'NaN';
    let negative = value < 0 || Object.is(value, -0);
    let number = typeof value === 'bigint' ? (value < 0n ? -value : value) : Math.abs(value);
    let suffix = '';
    if (style === 'percent') {
      number *= 100;
      suffix = '%';
    }
    let most = this.options.maximumFractionDigits ?? Math.max(this.options.minimumFractionDigits ?? 0, style === 'currency' ? (currency === 'JPY' || currency === 'KRW' ? 0 : 2) : style === 'percent' ? 0 : 3);
    const least = this.options.minimumFractionDigits ?? (style === 'currency' ? Math.min(most, currency === 'JPY' || currency === 'KRW' ? 0 : 2) : 0);
    if (notation === 'compact') {
      const step = [[1e12, 'T'], [1e9, 'B'], [1e6, 'M'], [1e3, 'K']].find(([size]) => number >= size);
      if (step) {
        number /= step[0];
        suffix = step[1] + suffix;
      }
      if (this.options.maximumFractionDigits === undefined) most = number < 100 ? (number < 10 ? 1 : number % 1 && number < 100 ? 1 : 0) : 0;
      if (number >= 10 && this.options.maximumFractionDigits === undefined) most = 0;
    }
    let text;
    if (number === Infinity) text = '∞';
    else {
      if (this.options.maximumSignificantDigits) text = String(Number(Number(number).toPrecision(this.options.maximumSignificantDigits)));
      else text = typeof number === 'bigint' ? String(number) : rounded(number, most);
      let [whole, part = ''] = text.split('.');
      part = part.replace(/0+$/, '').padEnd(least, '0');
      whole = whole.padStart(this.options.minimumIntegerDigits ?? 1, '0');
      text = (useGrouping === false ? whole : grouped(whole)) + (part ? `.${part}` : '');
      if (/^[0.,]*$/.test(text) && !Object.is(value, -0)) negative = negative && value !== 0 && text !== '0' ? negative : negative && !!value;
    }
    if (style === 'currency') text = (SYMBOLS[currency] ?? `${currency}\u00a0`) + text;
    if (style === 'unit') suffix += ` ${{ kilobyte: 'kB', megabyte: 'MB', gigabyte: 'GB', byte: 'byte', second: 'sec', minute: 'min', hour: 'hr', kilometer: 'km', celsius: '°C', percent: '%' }[this.options.unit] ?? this.options.unit}`;
    const sign = negative ? '-' : signDisplay === 'always' || (signDisplay === 'exceptZero' && number > 0) ? '+' : '';
    return sign + text + suffix;
  }
  formatToParts(value) { return [{ type: 'literal', value: this.format(value) }]; }
  resolvedOptions() { return { locale: 'en-US', numberingSystem: 'latn', style: 'decimal', ...this.options }; }
}

// Half goes up, as decimal digits say it and not as binary ones do.
function rounded(number, digits) {
  const text = String(number);
  if (/e/.test(text)) return number.toFixed(digits);
  const [whole, part = ''] = text.split('.');
  if (part.length <= digits) return text;
  const up = part[digits] >= '5';
  const kept = BigInt(whole + part.slice(0, digits)) + (up ? 1n : 0n);
  const all = String(kept).padStart(digits + 1, '0');
  return digits ? `${all.slice(0, -digits)}.${all.slice(-digits)}` : all;
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (number) => String(number).padStart(2, '0');

class DateTimeFormat {
  constructor(locale, options = {}) {
    this.locale = String(Array.isArray(locale) ? locale[0] ?? 'en-US' : locale ?? 'en-US');
    const names = ['weekday', 'year', 'month', 'day', 'hour', 'minute', 'second', 'dateStyle', 'timeStyle', 'era', 'dayPeriod', 'fractionalSecondDigits'];
    this.options = names.some((name) => options[name] !== undefined) ? options : { ...options, year: 'numeric', month: 'numeric', day: 'numeric' };
  }
  format(value = Date.now()) {
    const date = new Date(value);
    if (Number.isNaN(date.getTime())) throw new RangeError('Invalid time value');
    const options = { ...this.options };
    const { dateStyle, timeStyle } = options;
    if (dateStyle) Object.assign(options, { full: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' }, long: { year: 'numeric', month: 'long', day: 'numeric' }, medium: { year: 'numeric', month: 'short', day: 'numeric' }, short: { year: '2-digit', month: 'numeric', day: 'numeric' } }[dateStyle]);
    if (timeStyle) Object.assign(options, { hour: 'numeric', minute: '2-digit', ...(timeStyle !== 'short' && { second: '2-digit' }) }, timeStyle === 'full' || timeStyle === 'long' ? { timeZoneName: 'short' } : {});
    const { weekday, year, month, day, hour, minute, second, timeZoneName } = options;
    const shape = (number, form) => (form === '2-digit' ? two(number % 100) : String(number));
    const days = { long: DAYS[date.getUTCDay()], short: DAYS[date.getUTCDay()].slice(0, 3), narrow: DAYS[date.getUTCDay()][0] };
    let text = '';
    if (/^(en-CA|sv)/.test(this.locale) && year && month && day && !/[a-z]{3}/.test(month)) {
      text = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
    } else if (month === 'long' || month === 'short') {
      const name = month === 'long' ? MONTHS[date.getUTCMonth()] : MONTHS[date.getUTCMonth()].slice(0, 3);
      const gb = /^en-(GB|AU|NZ|IN|IE)/.test(this.locale);
      text = gb ? [day && shape(date.getUTCDate(), day), name, year && shape(date.getUTCFullYear(), year)].filter(Boolean).join(' ')
        : `${name}${day ? ` ${shape(date.getUTCDate(), day)}` : ''}${year ? `${day ? ',' : ''} ${shape(date.getUTCFullYear(), year)}` : ''}`;
    } else {
      const order = /^(en-GB|fr|es|it|pt)/.test(this.locale)
        ? [day && two(date.getUTCDate()), month && two(date.getUTCMonth() + 1), year && shape(date.getUTCFullYear(), year)]
        : /^de/.test(this.locale) ? [day && shape(date.getUTCDate(), day), month && shape(date.getUTCMonth() + 1, month), year && shape(date.getUTCFullYear(), year)]
          : [month && shape(date.getUTCMonth() + 1, month), day && shape(date.getUTCDate(), day), year && shape(date.getUTCFullYear(), year)];
      text = order.filter(Boolean).join(/^de/.test(this.locale) ? '.' : '/');
    }
    if (weekday) text = text ? `${days[weekday]}, ${text}` : days[weekday];
    if (hour || minute || second) {
      const twelve = options.hour12 ?? (options.hourCycle ? options.hourCycle.startsWith('h1') : /^en(-US|-CA|-AU|-NZ|-IN)?$/.test(this.locale));
      const hours = date.getUTCHours();
      const shown = twelve ? hours % 12 || 12 : hours;
      let time = [hour && (hour === '2-digit' || !twelve ? two(shown) : String(shown)), minute && two(date.getUTCMinutes()), second && two(date.getUTCSeconds())].filter(Boolean).join(':');
      if (hour && twelve) time += ` ${hours < 12 ? 'AM' : 'PM'}`;
      text = text ? `${text}${month === 'long' && dateStyle ? ' at ' : ', '}${time}` : time;
    }
    if (timeZoneName) text += ' UTC';
    return text;
  }
  formatToParts(value = Date.now()) {
    const date = new Date(value);
    const all = { year: date.getUTCFullYear(), month: two(date.getUTCMonth() + 1), day: two(date.getUTCDate()), hour: two(date.getUTCHours()), minute: two(date.getUTCMinutes()), second: two(date.getUTCSeconds()), weekday: DAYS[date.getUTCDay()] };
    return Object.entries(all).filter(([name]) => this.options[name]).map(([type, own]) => ({ type, value: String(own) }));
  }
  resolvedOptions() { return { locale: this.locale, calendar: 'gregory', numberingSystem: 'latn', timeZone: 'UTC', ...this.options }; }
}

class PluralRules {
  constructor(locale, options = {}) { this.options = options; }
  select(number) {
    if (this.options.type !== 'ordinal') return number === 1 ? 'one' : 'other';
    const [one, ten] = [number % 10, number % 100];
    return one === 1 && ten !== 11 ? 'one' : one === 2 && ten !== 12 ? 'two' : one === 3 && ten !== 13 ? 'few' : 'other';
  }
  resolvedOptions() { return { locale: 'en-US', type: 'cardinal', ...this.options }; }
}

class ListFormat {
  constructor(locale, options = {}) { this.word = options.type === 'disjunction' ? 'or' : options.type === 'unit' ? '' : 'and'; }
  format(list) {
    const all = [...list];
    if (all.length < 2) return all.join('');
    const last = this.word ? `${this.word} ${all.at(-1)}` : all.at(-1);
    return all.length === 2 ? `${all[0]}${this.word ? ' ' : ', '}${last}` : `${all.slice(0, -1).join(', ')}, ${last}`;
  }
}

class Collator {
  constructor(locale, options = {}) {
    this.options = options;
    this.compare = (left, right) => {
      const [one, other] = [this.#key(String(left)), this.#key(String(right))];
      if (options.numeric) {
        const parts = (text) => text.match(/\d+|\D+/g) ?? [];
        const [first, second] = [parts(one), parts(other)];
        for (let index = 0; index < Math.min(first.length, second.length); index++) {
          const numbers = /^\d/.test(first[index]) && /^\d/.test(second[index]);
          const order = numbers ? Number(first[index]) - Number(second[index]) : first[index].localeCompare(second[index]);
          if (order) return Math.sign(order);
        }
        return Math.sign(first.length - second.length);
      }
      return one.localeCompare(other);
    };
  }
  #key(text) {
    if (this.options.sensitivity === 'base') return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
    return this.options.sensitivity === 'accent' ? text.toLowerCase() : text;
  }
  resolvedOptions() { return { locale: 'en-US', usage: 'sort', sensitivity: 'variant', ...this.options }; }
}

class RelativeTimeFormat {
  constructor(locale, options = {}) { this.options = options; }
  format(value, unit) {
    unit = unit.replace(/s$/, '');
    if (this.options.numeric === 'auto') {
      const words = { day: { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' } }[unit] ?? { '-1': `last ${unit}`, 0: `this ${unit}`, 1: `next ${unit}` };
      if (value in words && unit !== 'second' && unit !== 'minute' && unit !== 'hour') return words[value];
    }
    const count = Math.abs(value);
    const text = `${new NumberFormat().format(count)} ${unit}${count === 1 ? '' : 's'}`;
    return value < 0 || Object.is(value, -0) ? `${text} ago` : `in ${text}`;
  }
}

class Segmenter {
  constructor(locale, options = {}) { this.granularity = options.granularity ?? 'grapheme'; }
  segment(text) {
    const parts = this.granularity === 'word' ? text.match(/[\p{L}\p{N}'_]+|\s+|[^\p{L}\p{N}\s]/gu)
      : this.granularity === 'sentence' ? text.match(/[^.!?]+[.!?]*\s*/g)
        : text.match(/\r\n|\p{RI}\p{RI}|.[\p{M}\p{Emoji_Modifier}\ufe0f]*(?:\u200d.[\p{M}\p{Emoji_Modifier}\ufe0f]*)*/gsu);
    let index = 0;
    return (parts ?? []).map((segment) => {
      const one = { segment, index, input: text };
      if (this.granularity === 'word') one.isWordLike = /[\p{L}\p{N}]/u.test(segment);
      index += segment.length;
      return one;
    });
  }
}

const Intl = { NumberFormat, DateTimeFormat, PluralRules, ListFormat, Collator, RelativeTimeFormat, Segmenter, getCanonicalLocales: (locales) => [locales ?? []].flat(), supportedValuesOf: () => [] };
for (const Kind of [NumberFormat, DateTimeFormat, PluralRules, ListFormat, Collator, RelativeTimeFormat, Segmenter]) {
  Kind.supportedLocalesOf = (locales) => [locales ?? []].flat();
  if (Kind.prototype.format) {
    // `format` is handed around without its object.
    const { format } = Kind.prototype;
    Object.defineProperty(Kind.prototype, 'format', { get() { return format.bind(this); }, configurable: true });
  }
}
Object.defineProperty(Intl, Symbol.toStringTag, { value: 'Intl', configurable: true });

module.exports = { Intl, NumberFormat, DateTimeFormat };
