using System.Numerics;
using Streams.Rating.Meters;
using Streams.Schemas;
using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.Rating.Tests.Meters;

public sealed class ExpressionTests(ITestOutputHelper output)
{
    static readonly MeterEvent Usage = new(1, new(0), ExactDecimal.Parse("7.5"), new Dictionary<string, string> { ["a"] = "3", ["b.c"] = "-0.125", ["in-put"] = "10", ["region"] = "eu" });

    [Theory]
    [InlineData("1 + 2 * 3", "7")]
    [InlineData("(1 + 2) * 3", "9")]
    [InlineData("10 - 2 - 3", "5")]
    [InlineData("12 / 3 / 2", "2")]
    [InlineData("10 / 3", "10/3")]
    [InlineData("10 / 3 * 3", "10")]
    [InlineData("--2 - -3", "5")]
    [InlineData("round(10 / 3, 2, half_up)", "3.33")]
    [InlineData("round(2.5, 0, half_even) + round(2.5, 0, half_up)", "5")]
    [InlineData("round(-0.5, 0, up) + round(0.5, 0, down) + round(-1.5, 0, ceiling) + round(-1.5, 0, floor)", "-4")]
    [InlineData("ceil(7.1) + floor(-7.1)", "0")]
    [InlineData("quantity * a + b.c", "22.375")]
    [InlineData("`in-put` + 1", "11")]
    [InlineData("min(a, 2, quantity) + max(a, 2, quantity)", "9.5")]
    [InlineData("if(a > 2 and not (a >= 4), 1, missing)", "1")]
    [InlineData("if(has(missing), missing, 5)", "5")]
    [InlineData("if(region = 'eu' and region != 'it''s', 1, 2)", "1")]
    [InlineData("if('eu' = missing or missing != 'eu', 1, 2)", "1")]
    [InlineData("if(if(true, false, true), 1, 2)", "2")]
    [InlineData("0.1 + 0.2", "0.3")]
    [InlineData("100000000000000000000 * 100000000000000000000 / 100000000000000000000", "100000000000000000000")]
    public void Expressions_give_exact_values(string text, string expected) => Assert.Equal(expected, MeterExpression.ParseNumber(text).Number(Usage).ToString());

    [Theory]
    [InlineData("", 1, "the end stands where a number, a field or '(' is expected")]
    [InlineData("1 +", 4, "the end stands where a number, a field or '(' is expected")]
    [InlineData("1 2", 3, "'2' stands where an operator or the end is expected")]
    [InlineData("(1 + 2", 7, "the end stands where ')' is expected")]
    [InlineData("a $ b", 3, "'$' has no meaning here")]
    [InlineData("1.2.3", 1, "'1.2.3' is not a plain decimal number")]
    [InlineData("1. + 2", 1, "'1.' is not a plain decimal number")]
    [InlineData("sqrt(2)", 1, "'sqrt' is not a function: min, max, ceil, floor, round, if and has are")]
    [InlineData("round(1.5)", 10, "')' stands where ',' is expected")]
    [InlineData("round(a / 3, 2)", 15, "')' stands where ',' is expected")]
    [InlineData("round(a, b, up)", 10, "round needs its places, 0 to 18, as second argument, not 'b'")]
    [InlineData("round(a, 19, up)", 10, "round needs its places, 0 to 18, as second argument, not '19'")]
    [InlineData("round(a, 2, bankers)", 13, "round needs its mode as third argument (ceiling, down, floor, half_even, half_up, up), not 'bankers'")]
    [InlineData("round(a, 2,", 12, "round needs its mode as third argument (ceiling, down, floor, half_even, half_up, up), not the end")]
    [InlineData("a > 1", 1, "a condition stands where a number is expected")]
    [InlineData("1 + (a > 1)", 5, "a condition stands where a number is expected")]
    [InlineData("'x' + 1", 1, "a text stands where a number is expected")]
    [InlineData("if(a, 1, 2)", 4, "a number stands where a condition is expected")]
    [InlineData("if(true, 1, false)", 13, "a condition stands where a number is expected")]
    [InlineData("if(true, false, 1)", 17, "a number stands where a condition is expected")]
    [InlineData("if('a' < b, 1, 2)", 8, "texts are compared by = and != only")]
    [InlineData("if('a' = 1, 1, 2)", 8, "a text is compared with a dimension only")]
    [InlineData("if(1 < 2 < 3, 1, 2)", 10, "'<' stands where ',' is expected")]
    [InlineData("'open", 1, "the quote ' is not closed")]
    [InlineData("``", 1, "a dimension's name has 1 to 256 characters")]
    [InlineData("has(1)", 5, "has needs a dimension, not '1'")]
    [InlineData("1 + and", 5, "'and' stands where a number, a field or '(' is expected")]
    public void Errors_say_where_and_why(string text, int position, string reason)
    {
        var error = Assert.Throws<ExpressionException>(() => MeterExpression.ParseNumber(text));
        Assert.Equal((position, $"position {position}: {reason}"), (error.Position, error.Message));
    }

    [Fact]
    public void Length_depth_and_arguments_are_bounded()
    {
        Assert.Throws<ExpressionException>(() => MeterExpression.ParseNumber(new string('1', MeterExpression.MaxLength + 1)));
        foreach (var open in new[] { "(", "-", "ceil(", "if(not " })
        {
            var text = string.Concat(Enumerable.Repeat(open, 65));
            Assert.Contains("more than 64 levels", Assert.Throws<ExpressionException>(() => MeterExpression.ParseNumber(text)).Message);
        }
        Assert.Equal("1", MeterExpression.ParseNumber(new string('(', 64) + "1" + new string(')', 64)).Number(Usage).ToString());
        Assert.Equal("500", MeterExpression.ParseNumber(string.Join("+", Enumerable.Repeat("1", 500))).Number(Usage).ToString());
        Assert.Throws<ExpressionException>(() => MeterExpression.ParseNumber($"min({string.Join(",", Enumerable.Repeat("1", 17))})"));
        var huge = MeterExpression.ParseNumber(string.Join("*", Enumerable.Repeat("9999999999999999999999", 80)));
        Assert.Equal(MeterCodes.NumberTooLarge, Assert.Throws<MeterException>(() => huge.Number(Usage)).Code);
    }

    /// <summary>Random trees printed with and without brackets that are not needed, against fractions of any size.</summary>
    [Fact]
    public void Agrees_with_a_naive_evaluator_on_random_trees()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var (values, zeros) = (0, 0);
        for (var i = 0; i < Tier.Of(20_000, 200_000); i++)
        {
            var trees = new RandomTree(new Random(seed + i));
            var (text, expected) = trees.Number(trees.Depth);
            try
            {
                var actual = Rational.Parse(MeterExpression.ParseNumber(text).Number(Usage).ToString());
                Assert.True(expected is { } value && value.Equals(actual), $"seed {seed + i}: {text} is {expected?.ToString() ?? "undefined"}, not {actual}");
                values++;
            }
            catch (MeterException e) when (e.Code == MeterCodes.DivisionByZero)
            {
                Assert.True(expected is null, $"seed {seed + i}: {text} is {expected}, not undefined");
                zeros++;
            }
            catch (MeterException e) when (e.Code == MeterCodes.NumberTooLarge)
            {
                Assert.True(expected is null || expected.Value.Denominator.GetBitLength() + expected.Value.Numerator.GetBitLength() > 200, $"seed {seed + i}: {text} is {expected}");
            }
        }
        output.WriteLine($"{values} values, {zeros} divisions by zero");
        Assert.True(values > zeros && zeros > 0);
    }

    /// <summary>Makes a text together with its value; null where it divides by zero.</summary>
    sealed class RandomTree(Random random)
    {
        public int Depth { get; } = random.Next(6);

        public (string Text, Rational? Value) Number(int depth)
        {
            if (depth == 0) return Leaf();
            var (left, a) = Number(depth - 1);
            switch (random.Next(9))
            {
                case 0:
                    var (right, b) = Number(random.Next(depth));
                    return ($"({left} + {right})", a + b);
                case 1:
                    (right, b) = Number(random.Next(depth));
                    return ($"({left}-({right}))", a - b);
                case 2:
                    (right, b) = Number(random.Next(depth));
                    return ($"({left} * {right})", a * b);
                case 3:
                    (right, b) = Number(random.Next(depth));
                    return ($"({left} / ({right}))", b is null || b.Value.Numerator.IsZero ? null : a / b);
                case 4:
                    (right, b) = Number(random.Next(depth));
                    var greater = a is null || b is null ? (Rational?)null : a.Value.CompareTo(b.Value) > 0 ? a : b;
                    return random.Next(2) == 0 ? ($"max({left}, {right})", greater) : ($"min({left},{right})", a + b - greater);
                case 5:
                    return ($"-({left})", 0 - a);
                case 6:
                    return Rounded(left, a);
                case 7:
                    var (condition, holds) = Condition(depth - 1);
                    (right, b) = Number(random.Next(depth));
                    return ($"if({condition}, {left}, {right})", holds is null ? null : holds.Value ? a : b);
                default:
                    // Precedence without brackets: a term of leaves.
                    var (x, y, z) = (Leaf(), Leaf(), Leaf());
                    return ($"({x.Text} - {y.Text} * {z.Text} + {left})", x.Value - y.Value * z.Value + a);
            }
        }

        (string Text, Rational? Value) Leaf()
        {
            var literal = random.Next(2) == 0 ? $"{random.Next(4)}" : $"{random.Next(1000)}.{random.Next(1_000_000)}";
            return random.Next(6) switch
            {
                0 => ("quantity", new Rational(15, 2)),
                1 => ("a", 3),
                2 => ("b.c", new Rational(-1, 8)),
                3 => ("`in-put`", 10),
                _ => (literal, Rational.Parse(literal)),
            };
        }

        (string, Rational?) Rounded(string text, Rational? value)
        {
            var places = random.Next(6);
            var unit = new Rational(1, BigInteger.Pow(10, places));
            if (value is null) return ($"ceil({text})", null);
            var below = (value.Value / unit).Floor() * unit;
            var exact = below.Equals(value.Value);
            var (mode, up) = random.Next(4) switch
            {
                0 => ("floor", false),
                1 => ("ceiling", true),
                2 => ("down", value.Value.Numerator.Sign < 0),
                _ => ("up", value.Value.Numerator.Sign > 0),
            };
            return ($"round({text}, {places}, {mode})", up && !exact ? below + unit : below);
        }

        (string, bool?) Condition(int depth)
        {
            var (left, a) = Number(random.Next(depth + 1));
            var (right, b) = Number(random.Next(depth + 1));
            var order = a is null || b is null ? (int?)null : a.Value.CompareTo(b.Value);
            var (text, holds) = random.Next(6) switch
            {
                0 => ($"{left} < {right}", order < 0),
                1 => ($"{left} <= {right}", order <= 0),
                2 => ($"{left} = {right}", order == 0),
                3 => ($"{left} != {right}", order != 0),
                4 => ($"{left} >= {right}", order >= 0),
                _ => ($"{left} > {right}", order > 0),
            };
            bool? value = order is null ? null : holds;
            if (depth == 0) return (text, value);
            var (other, also) = Condition(depth - 1);
            // What decides is on the left; the right is read only if it matters, so its division by zero may go unseen.
            return random.Next(4) switch
            {
                0 => ($"{text} and ({other})", value is null ? null : value.Value ? also : false),
                1 => ($"{text} or ({other})", value is null ? null : value.Value ? true : also),
                2 => ($"not ({text})", !value),
                _ => ($"not {text} and region = 'eu' or false", !value),
            };
        }
    }
}
