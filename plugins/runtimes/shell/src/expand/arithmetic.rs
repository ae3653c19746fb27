//! Arithmetic: 64 bits that wrap, over the syntax tree of the parser.

use crate::limits::NESTING;
use crate::shell::{Outcome, Shell, Stop};
use brush_parser::ast::{ArithmeticExpr, ArithmeticTarget, BinaryOperator, UnaryAssignmentOperator, UnaryOperator};

/// Variables that stand for expressions within each other: `a=a; echo $((a))`.
const DEPTH: usize = 64;

impl Shell {
    /// The text of an expression with its `$…` replaced.
    pub(crate) fn expand_arithmetic(&mut self, text: &str) -> Outcome<String> {
        if !text.contains(['$', '`', '"', '\'', '\\']) {
            return Ok(text.to_owned());
        }
        Ok(super::joined(self.parts(text, true)?))
    }

    /// The value of an expression.
    pub(crate) fn arithmetic(&mut self, text: &str) -> Outcome<i64> {
        let plain = text.trim();
        if let Ok(number) = plain.parse::<i64>()
            && (plain == "0" || !plain.trim_start_matches(['-', '+']).starts_with('0'))
        {
            return Ok(number);
        }
        self.evaluate(text, 0)
    }

    fn evaluate(&mut self, text: &str, depth: usize) -> Outcome<i64> {
        if text.trim().is_empty() {
            return Ok(0);
        }
        let nested = text.matches('(').count();
        if nested > NESTING || depth > DEPTH {
            self.complain(format_args!("{}: expression recursion level exceeded", text.trim()));
            return Err(Stop::Discard(1));
        }
        match brush_parser::arithmetic::parse(text) {
            Ok(expression) => Evaluation { shell: self, text, depth }.value(&expression),
            Err(_) => {
                let token = text.trim();
                let last = token.split_whitespace().next_back().unwrap_or(token);
                let what = match token.ends_with(['+', '-', '*', '/', '%', '=', '<', '>', '&', '|', '^', '?', ':']) {
                    true => "syntax error: operand expected",
                    false => "syntax error in expression",
                };
                self.complain(format_args!("{token}: {what} (error token is \"{last}\")"));
                Err(Stop::Discard(1))
            }
        }
    }
}

struct Evaluation<'a> {
    shell: &'a mut Shell,
    text: &'a str,
    depth: usize,
}

impl Evaluation<'_> {
    fn value(&mut self, expression: &ArithmeticExpr) -> Outcome<i64> {
        Ok(match expression {
            ArithmeticExpr::Literal(number) => *number,
            ArithmeticExpr::Reference(target) => self.read(target)?,
            ArithmeticExpr::UnaryOp(operator, operand) => {
                let operand = self.value(operand)?;
                match operator {
                    UnaryOperator::UnaryPlus => operand,
                    UnaryOperator::UnaryMinus => operand.wrapping_neg(),
                    UnaryOperator::BitwiseNot => !operand,
                    UnaryOperator::LogicalNot => i64::from(operand == 0),
                }
            }
            ArithmeticExpr::BinaryOp(BinaryOperator::LogicalAnd, left, right) => {
                i64::from(self.value(left)? != 0 && self.value(right)? != 0)
            }
            ArithmeticExpr::BinaryOp(BinaryOperator::LogicalOr, left, right) => {
                i64::from(self.value(left)? != 0 || self.value(right)? != 0)
            }
            ArithmeticExpr::BinaryOp(operator, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.apply(operator, left, right)?
            }
            ArithmeticExpr::Conditional(condition, yes, no) => {
                let chosen = if self.value(condition)? != 0 { yes } else { no };
                self.value(chosen)?
            }
            ArithmeticExpr::Assignment(target, value) => {
                let value = self.value(value)?;
                self.write(target, value)?
            }
            ArithmeticExpr::BinaryAssignment(operator, target, value) => {
                let before = self.read(target)?;
                let value = self.value(value)?;
                let value = self.apply(operator, before, value)?;
                self.write(target, value)?
            }
            ArithmeticExpr::UnaryAssignment(operator, target) => {
                let before = self.read(target)?;
                let (after, result_is_after) = match operator {
                    UnaryAssignmentOperator::PrefixIncrement => (before.wrapping_add(1), true),
                    UnaryAssignmentOperator::PrefixDecrement => (before.wrapping_sub(1), true),
                    UnaryAssignmentOperator::PostfixIncrement => (before.wrapping_add(1), false),
                    UnaryAssignmentOperator::PostfixDecrement => (before.wrapping_sub(1), false),
                };
                self.write(target, after)?;
                if result_is_after { after } else { before }
            }
        })
    }

    fn apply(&mut self, operator: &BinaryOperator, left: i64, right: i64) -> Outcome<i64> {
        Ok(match operator {
            BinaryOperator::Power => {
                if right < 0 {
                    return Err(self.failed("exponent less than 0", right));
                }
                power(left, right)
            }
            BinaryOperator::Multiply => left.wrapping_mul(right),
            BinaryOperator::Divide | BinaryOperator::Modulo if right == 0 => {
                return Err(self.failed("division by 0", right));
            }
            BinaryOperator::Divide => left.wrapping_div(right),
            BinaryOperator::Modulo => left.wrapping_rem(right),
            BinaryOperator::Comma => right,
            BinaryOperator::Add => left.wrapping_add(right),
            BinaryOperator::Subtract => left.wrapping_sub(right),
            BinaryOperator::ShiftLeft => left.wrapping_shl(right as u32),
            BinaryOperator::ShiftRight => left.wrapping_shr(right as u32),
            BinaryOperator::LessThan => i64::from(left < right),
            BinaryOperator::LessThanOrEqualTo => i64::from(left <= right),
            BinaryOperator::GreaterThan => i64::from(left > right),
            BinaryOperator::GreaterThanOrEqualTo => i64::from(left >= right),
            BinaryOperator::Equals => i64::from(left == right),
            BinaryOperator::NotEquals => i64::from(left != right),
            BinaryOperator::BitwiseAnd => left & right,
            BinaryOperator::BitwiseXor => left ^ right,
            BinaryOperator::BitwiseOr => left | right,
            BinaryOperator::LogicalAnd => i64::from(left != 0 && right != 0),
            BinaryOperator::LogicalOr => i64::from(left != 0 || right != 0),
        })
    }

    fn failed(&self, what: &str, operand: i64) -> Stop {
        let text = self.text.trim();
        self.shell.complain(format_args!("{text}: {what} (error token is \"{operand}\")"));
        Stop::Discard(1)
    }

    fn index(&mut self, name: &str, index: &ArithmeticExpr) -> Outcome<String> {
        let (name, _) = self.shell.target(name);
        match (self.shell.value(&name), index) {
            (crate::variables::Value::Associative(_), ArithmeticExpr::Reference(ArithmeticTarget::Variable(key))) => {
                Ok(key.clone())
            }
            _ => Ok(self.value(index)?.to_string()),
        }
    }

    fn read(&mut self, target: &ArithmeticTarget) -> Outcome<i64> {
        let (name, text) = match target {
            ArithmeticTarget::Variable(name) => (name, self.shell.get_or_random(name)),
            ArithmeticTarget::ArrayElement(name, index) => {
                let index = self.index(name, index)?;
                (name, self.shell.element(name, &index)?)
            }
        };
        match text {
            None if self.shell.options.nounset => {
                self.shell.complain(format_args!("{name}: unbound variable"));
                Err(Stop::Exit(1))
            }
            None => Ok(0),
            Some(text) => match text.trim().parse() {
                Ok(number) if !text.trim().starts_with('0') => Ok(number),
                _ => self.shell.evaluate(&text, self.depth + 1),
            },
        }
    }

    fn write(&mut self, target: &ArithmeticTarget, value: i64) -> Outcome<i64> {
        match target {
            ArithmeticTarget::Variable(name) => self.shell.set(name, value.to_string())?,
            ArithmeticTarget::ArrayElement(name, index) => {
                let index = self.index(name, index)?;
                self.shell.set_element(name, &index, value.to_string(), false)?;
            }
        }
        Ok(value)
    }
}

fn power(base: i64, exponent: i64) -> i64 {
    let (mut result, mut base, mut exponent) = (1_i64, base, exponent);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent >>= 1;
    }
    result
}
