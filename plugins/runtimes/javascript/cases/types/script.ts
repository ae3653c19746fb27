import { readFileSync, type Stats } from 'node:fs';
import { helper, Colour } from './lib/helper.ts';
interface Point { x: number; y?: number }
type Named<T> = T & { name: string };
enum Level { Low, High = 5, Higher }
namespace Inner { export const value = 3; }
abstract class Shape<T extends Point = Point> {
  private readonly at: T;
  static count: number = 0;
  constructor(protected label: string, at: T) { this.at = at; Shape.count++; }
  abstract area(): number;
  describe(this: Shape<T>): string { return `${this.label} at ${this.at.x}`; }
}
class Square extends Shape { constructor(public size: number) { super('square', { x: 1 }); } override area(): number { return this.size ** 2; } }
function overloaded(value: string): string;
function overloaded(value: number): number;
function overloaded(value: unknown): unknown { return value; }
const square = new Square(3) satisfies Shape;
const named: Named<Point> = { x: 1, name: 'n' } as const as Named<Point>;
console.log(square.area(), square.describe(), square, Shape.count, Level.Higher, Level[5], Inner.value, overloaded('o'), named!.name, helper<string>('h'), Colour.Red);
const stats: Stats | undefined = undefined;
console.log(typeof readFileSync, stats, (<T,>(value: T): T => value)(7));
export type { Point };
