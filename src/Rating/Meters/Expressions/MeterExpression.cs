using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Meters;

/// <summary>
/// A value or condition computed from an event, parsed once. All arithmetic is exact, also that of quotients: 10 / 3 stays a fraction until
/// <c>round</c>, <c>ceil</c> or <c>floor</c> says where and how it is rounded.
/// <code>
/// or, and, not                  conditions; the right side is read only if it matters
/// = != &lt; &lt;= &gt; &gt;=                comparison of numbers; = and != also of a dimension with a text: region = 'eu'
/// + - * /                       numbers
/// min(a, b, …)  max(a, b, …)
/// ceil(a)  floor(a)             the whole number above, below
/// round(a, places, mode)        places 0 to 18; mode half_up, half_even, up, down, ceiling, floor
/// if(condition, a, b)           only the chosen one is read
/// has(dimension)                whether the event has it
/// 12.5  'text'  true  false     literals ('' is a quote in a text)
/// quantity                      the event's quantity
/// tokens  http.status  `a-b`    dimensions; as numbers they are plain decimals ("12.5")
/// </code>
/// At most <see cref="MaxLength"/> characters and <see cref="MaxDepth"/> levels.
/// </summary>
public sealed class MeterExpression
{
    public const int MaxLength = 2000, MaxDepth = 64;

    /// <summary>The name of the event's quantity.</summary>
    public const string QuantityName = "quantity";

    readonly NumberNode? _number;
    readonly ConditionNode? _condition;

    MeterExpression(string text, NumberNode? number, ConditionNode? condition) => (Text, _number, _condition) = (text, number, condition);

    public string Text { get; }

    /// <summary>Whether it is a lone field.</summary>
    public bool IsField => _number is QuantityNode or DimensionNode;

    /// <summary>The dimension that the expression stands for when it is a lone one.</summary>
    public string? Dimension => (_number as DimensionNode)?.Name;

    /// <exception cref="ExpressionException">Not a number's expression.</exception>
    public static MeterExpression ParseNumber(string text) => new(text, new ExpressionParser(text).Number(), null);

    /// <exception cref="ExpressionException">Not a condition.</exception>
    public static MeterExpression ParseCondition(string text) => new(text, null, new ExpressionParser(text).Condition());

    /// <summary>The exact value for an event.</summary>
    /// <exception cref="MeterException">A dimension that is missing or no number, a division by zero, or a number of more than 2,048 bits on the way.</exception>
    public Exact Number(IMeterEvent usage)
    {
        var number = _number ?? throw new InvalidOperationException("The expression is a condition");
        try
        {
            return number.Value(usage);
        }
        catch (DivideByZeroException e)
        {
            throw new MeterException(MeterCodes.DivisionByZero, $"'{Text}' divides by zero", e);
        }
        catch (OverflowException e)
        {
            throw TooLarge(e);
        }
    }

    /// <summary>The value as quantities are stored, without any rounding.</summary>
    /// <exception cref="MeterException">As <see cref="Number"/>, or the value has more than nine decimals or 28 digits.</exception>
    public ExactDecimal Decimal(IMeterEvent usage)
    {
        if (_number is QuantityNode) return usage.Quantity;
        var value = Number(usage);
        if (!value.TryMantissa(ExactDecimal.Scale, out var unscaled))
            throw new MeterException(MeterCodes.ValueNotDecimal, $"'{Text}' gives {value}, which has more than nine decimals: round it, e.g. round(…, 9, half_even)");
        if (Int128.Abs(unscaled) > ExactDecimal.MaxUnscaled) throw new MeterException(MeterCodes.ValueNotDecimal, $"'{Text}' gives {value}, which has more than 28 digits");
        return new(unscaled);
    }

    /// <summary>Whether the condition holds for an event.</summary>
    /// <exception cref="MeterException">As <see cref="Number"/>.</exception>
    public bool Holds(IMeterEvent usage)
    {
        var condition = _condition ?? throw new InvalidOperationException("The expression is a number");
        try
        {
            return condition.Holds(usage);
        }
        catch (DivideByZeroException e)
        {
            throw new MeterException(MeterCodes.DivisionByZero, $"'{Text}' divides by zero", e);
        }
        catch (OverflowException e)
        {
            throw TooLarge(e);
        }
    }

    MeterException TooLarge(OverflowException cause) => new(MeterCodes.NumberTooLarge, $"'{Text}' meets a number of too many digits", cause);
}
