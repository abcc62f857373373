using Streams.Rating.Pricing;

namespace Streams.Rating.Meters;

abstract class ExpressionNode;

abstract class NumberNode : ExpressionNode
{
    public abstract Exact Value(IMeterEvent usage);
}

abstract class ConditionNode : ExpressionNode
{
    public abstract bool Holds(IMeterEvent usage);
}

/// <summary>Only ever one side of a comparison with a dimension.</summary>
sealed class TextNode(string text) : ExpressionNode
{
    public string Text { get; } = text;
}

sealed class ConstantNode(Exact value) : NumberNode
{
    public override Exact Value(IMeterEvent usage) => value;
}

sealed class QuantityNode : NumberNode
{
    public override Exact Value(IMeterEvent usage) => usage.Quantity;
}

sealed class DimensionNode(string name) : NumberNode
{
    public string Name { get; } = name;

    public override Exact Value(IMeterEvent usage)
    {
        if (!usage.TryGetDimension(Name, out var text)) throw new MeterException(MeterCodes.ValueMissing, $"Dimension '{Name}' is missing");
        if (Exact.TryParse(text, out var value, out var error)) return value;
        var shown = text.Length > 40 ? $"{text[..40]}…" : text.ToString();
        throw new MeterException(MeterCodes.ValueNotNumeric, $"Dimension '{Name}': '{shown}' {error}");
    }
}

sealed class NegationNode(NumberNode operand) : NumberNode
{
    public override Exact Value(IMeterEvent usage) => -operand.Value(usage);
}

/// <summary>Terms added or subtracted from left to right.</summary>
sealed class SumNode(NumberNode first, (bool Inverse, NumberNode Operand)[] rest) : NumberNode
{
    public override Exact Value(IMeterEvent usage)
    {
        var sum = first.Value(usage);
        foreach (var (subtract, operand) in rest) sum = subtract ? sum - operand.Value(usage) : sum + operand.Value(usage);
        return sum;
    }
}

/// <summary>Factors multiplied or divided by from left to right.</summary>
sealed class ProductNode(NumberNode first, (bool Inverse, NumberNode Operand)[] rest) : NumberNode
{
    public override Exact Value(IMeterEvent usage)
    {
        var product = first.Value(usage);
        foreach (var (divide, operand) in rest) product = divide ? product / operand.Value(usage) : product * operand.Value(usage);
        return product;
    }
}

sealed class ExtremeNode(bool greatest, NumberNode[] operands) : NumberNode
{
    public override Exact Value(IMeterEvent usage)
    {
        var extreme = operands[0].Value(usage);
        for (var i = 1; i < operands.Length; i++)
        {
            var value = operands[i].Value(usage);
            extreme = greatest ? Exact.Max(extreme, value) : Exact.Min(extreme, value);
        }
        return extreme;
    }
}

sealed class RoundNode(NumberNode operand, int places, RoundingMode mode) : NumberNode
{
    public override Exact Value(IMeterEvent usage) => operand.Value(usage).Round(places, mode);
}

sealed class ChoiceNode(ConditionNode condition, NumberNode then, NumberNode otherwise) : NumberNode
{
    public override Exact Value(IMeterEvent usage) => condition.Holds(usage) ? then.Value(usage) : otherwise.Value(usage);
}

sealed class ConditionChoiceNode(ConditionNode condition, ConditionNode then, ConditionNode otherwise) : ConditionNode
{
    public override bool Holds(IMeterEvent usage) => condition.Holds(usage) ? then.Holds(usage) : otherwise.Holds(usage);
}

sealed class TruthNode(bool value) : ConditionNode
{
    public override bool Holds(IMeterEvent usage) => value;
}

enum Comparison
{
    Equal,
    Different,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

sealed class ComparisonNode(Comparison comparison, NumberNode left, NumberNode right) : ConditionNode
{
    public override bool Holds(IMeterEvent usage)
    {
        var order = left.Value(usage).CompareTo(right.Value(usage));
        return comparison switch
        {
            Comparison.Equal => order == 0,
            Comparison.Different => order != 0,
            Comparison.Less => order < 0,
            Comparison.AtMost => order <= 0,
            Comparison.Greater => order > 0,
            _ => order >= 0,
        };
    }
}

/// <summary>Whether a dimension is a text; a missing one is not.</summary>
sealed class TextComparisonNode(string dimension, string text, bool different) : ConditionNode
{
    public override bool Holds(IMeterEvent usage) => (usage.TryGetDimension(dimension, out var value) && value.SequenceEqual(text)) != different;
}

sealed class PresenceNode(string dimension) : ConditionNode
{
    public override bool Holds(IMeterEvent usage) => usage.TryGetDimension(dimension, out _);
}

sealed class NotNode(ConditionNode operand) : ConditionNode
{
    public override bool Holds(IMeterEvent usage) => !operand.Holds(usage);
}

/// <summary>Conditions joined by and (<paramref name="decisive"/> false: the first that fails decides) or by or.</summary>
sealed class JoinNode(bool decisive, ConditionNode[] operands) : ConditionNode
{
    public override bool Holds(IMeterEvent usage)
    {
        foreach (var operand in operands)
        {
            if (operand.Holds(usage) == decisive) return decisive;
        }
        return !decisive;
    }
}
