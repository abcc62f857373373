using Streams.Rating.Pricing;

namespace Streams.Rating.Meters;

/// <summary>Recursive descent over an expression's words, one method per level of precedence, from the weakest (or) to the strongest (a field).</summary>
sealed class ExpressionParser(string text)
{
    const int MaxArguments = 16;

    static readonly Dictionary<string, Comparison> Comparisons = new(StringComparer.Ordinal)
    {
        ["="] = Comparison.Equal, ["!="] = Comparison.Different, ["<"] = Comparison.Less,
        ["<="] = Comparison.AtMost, [">"] = Comparison.Greater, [">="] = Comparison.AtLeast,
    };

    static readonly Dictionary<string, RoundingMode> Modes = new(StringComparer.Ordinal)
    {
        ["half_up"] = RoundingMode.HalfUp, ["half_even"] = RoundingMode.HalfEven, ["up"] = RoundingMode.Up,
        ["down"] = RoundingMode.Down, ["ceiling"] = RoundingMode.Ceiling, ["floor"] = RoundingMode.Floor,
    };

    readonly List<Token> _tokens = ExpressionLexer.Tokens(text);
    int _at;
    int _depth;

    Token Current => _tokens[_at];

    public NumberNode Number() => AsNumber(Whole(), 1);

    public ConditionNode Condition() => AsCondition(Whole(), 1);

    ExpressionNode Whole()
    {
        var node = Or();
        return Current.Kind == TokenKind.End ? node : throw Unexpected("an operator or the end");
    }

    ExpressionNode Or() => Joined("or", decisive: true, And);

    ExpressionNode And() => Joined("and", decisive: false, Not);

    ExpressionNode Joined(string word, bool decisive, Func<ExpressionNode> operand)
    {
        var position = Current.Position;
        var first = operand();
        if (!IsWord(word)) return first;
        var operands = new List<ConditionNode> { AsCondition(first, position) };
        while (TakeWord(word))
        {
            position = Current.Position;
            operands.Add(AsCondition(operand(), position));
        }
        return new JoinNode(decisive, [.. operands]);
    }

    ExpressionNode Not()
    {
        if (!TakeWord("not")) return Compared();
        using var _ = Deeper();
        var position = Current.Position;
        return new NotNode(AsCondition(Not(), position));
    }

    ExpressionNode Compared()
    {
        var leftAt = Current.Position;
        var left = Sum();
        if (Current.Kind != TokenKind.Symbol || !Comparisons.TryGetValue(Current.Text, out var comparison)) return left;
        var operatorAt = Current.Position;
        _at++;
        var rightAt = Current.Position;
        var right = Sum();
        if (left is TextNode || right is TextNode) return TextComparison(left, right, comparison, operatorAt);
        return new ComparisonNode(comparison, AsNumber(left, leftAt), AsNumber(right, rightAt));
    }

    static TextComparisonNode TextComparison(ExpressionNode left, ExpressionNode right, Comparison comparison, int position)
    {
        if (comparison is not (Comparison.Equal or Comparison.Different)) throw new ExpressionException(position, "texts are compared by = and != only");
        var dimension = left as DimensionNode ?? right as DimensionNode ?? throw new ExpressionException(position, "a text is compared with a dimension only");
        var text = left as TextNode ?? (TextNode)right;
        return new(dimension.Name, text.Text, comparison == Comparison.Different);
    }

    ExpressionNode Sum() => Chain("+", "-", Product, static (first, rest) => new SumNode(first, [.. rest]));

    ExpressionNode Product() => Chain("*", "/", Negation, static (first, rest) => new ProductNode(first, [.. rest]));

    ExpressionNode Chain(string direct, string inverse, Func<ExpressionNode> operand, Func<NumberNode, List<(bool, NumberNode)>, NumberNode> make)
    {
        var position = Current.Position;
        var first = operand();
        if (!IsSymbol(direct) && !IsSymbol(inverse)) return first;
        var number = AsNumber(first, position);
        var rest = new List<(bool, NumberNode)>();
        while (IsSymbol(direct) || IsSymbol(inverse))
        {
            var isInverse = _tokens[_at++].Text == inverse;
            position = Current.Position;
            rest.Add((isInverse, AsNumber(operand(), position)));
        }
        return make(number, rest);
    }

    ExpressionNode Negation()
    {
        if (!TakeSymbol("-")) return Primary();
        using var _ = Deeper();
        var position = Current.Position;
        return new NegationNode(AsNumber(Negation(), position));
    }

    ExpressionNode Primary()
    {
        var token = Current;
        if (IsSymbol("("))
        {
            using var _ = Deeper();
            _at++;
            var inner = Or();
            Expect(")");
            return inner;
        }
        _at++;
        switch (token.Kind)
        {
            case TokenKind.Number:
                return Exact.TryParse(token.Text, out var value, out var error) ? new ConstantNode(value) : throw new ExpressionException(token.Position, $"'{token.Text}' {error}");
            case TokenKind.Text:
                return new TextNode(token.Text);
            case TokenKind.QuotedName:
                return Dimension(token);
            case TokenKind.Name:
                return Named(token);
            default:
                _at--;
                throw Unexpected("a number, a field or '('");
        }
    }

    ExpressionNode Named(Token name)
    {
        if (IsSymbol("("))
        {
            using var _ = Deeper();
            _at++;
            return Call(name);
        }
        return name.Text switch
        {
            MeterExpression.QuantityName => new QuantityNode(),
            "true" => new TruthNode(true),
            "false" => new TruthNode(false),
            "and" or "or" or "not" => throw new ExpressionException(name.Position, $"{name} stands where a number, a field or '(' is expected"),
            _ => Dimension(name),
        };
    }

    ExpressionNode Call(Token name) => name.Text switch
    {
        "min" => Extreme(greatest: false),
        "max" => Extreme(greatest: true),
        "ceil" => new RoundNode(LastNumber(), 0, RoundingMode.Ceiling),
        "floor" => new RoundNode(LastNumber(), 0, RoundingMode.Floor),
        "round" => Round(),
        "if" => Choice(),
        "has" => Presence(),
        _ => throw new ExpressionException(name.Position, $"{name} is not a function: min, max, ceil, floor, round, if and has are"),
    };

    ExtremeNode Extreme(bool greatest)
    {
        var operands = new List<NumberNode> { NumberArgument() };
        while (TakeSymbol(","))
        {
            if (operands.Count == MaxArguments) throw new ExpressionException(Current.Position, $"a function takes at most {MaxArguments} arguments");
            operands.Add(NumberArgument());
        }
        Expect(")");
        return new(greatest, [.. operands]);
    }

    RoundNode Round()
    {
        var operand = NumberArgument();
        Expect(",");
        var places = Current;
        _at++;
        if (places.Kind != TokenKind.Number || places.Text.Length > 2 || !int.TryParse(places.Text, out var count) || count > 18)
            throw new ExpressionException(places.Position, $"round needs its places, 0 to 18, as second argument, not {places}");
        Expect(",");
        var mode = Current;
        _at++;
        if (mode.Kind != TokenKind.Name || !Modes.TryGetValue(mode.Text, out var rounding))
            throw new ExpressionException(mode.Position, $"round needs its mode as third argument ({string.Join(", ", Modes.Keys.Order(StringComparer.Ordinal))}), not {mode}");
        Expect(")");
        return new(operand, count, rounding);
    }

    ExpressionNode Choice()
    {
        var position = Current.Position;
        var condition = AsCondition(Or(), position);
        Expect(",");
        var thenAt = Current.Position;
        var then = Or();
        Expect(",");
        var otherwiseAt = Current.Position;
        var otherwise = Or();
        Expect(")");
        return then is ConditionNode holds
            ? new ConditionChoiceNode(condition, holds, AsCondition(otherwise, otherwiseAt))
            : new ChoiceNode(condition, AsNumber(then, thenAt), AsNumber(otherwise, otherwiseAt));
    }

    PresenceNode Presence()
    {
        var name = Current;
        _at++;
        if (name.Kind is not (TokenKind.Name or TokenKind.QuotedName)) throw new ExpressionException(name.Position, $"has needs a dimension, not {name}");
        var dimension = Dimension(name);
        Expect(")");
        return new(dimension.Name);
    }

    static DimensionNode Dimension(Token name)
    {
        if (name.Text.Length is 0 or > GroupKey.MaxLength) throw new ExpressionException(name.Position, $"a dimension's name has 1 to {GroupKey.MaxLength} characters");
        return new(name.Text);
    }

    NumberNode LastNumber()
    {
        var argument = NumberArgument();
        Expect(")");
        return argument;
    }

    NumberNode NumberArgument()
    {
        var position = Current.Position;
        return AsNumber(Or(), position);
    }

    static NumberNode AsNumber(ExpressionNode node, int position) =>
        node as NumberNode ?? throw new ExpressionException(position, node is TextNode ? "a text stands where a number is expected" : "a condition stands where a number is expected");

    static ConditionNode AsCondition(ExpressionNode node, int position) =>
        node as ConditionNode ?? throw new ExpressionException(position, node is TextNode ? "a text stands where a condition is expected" : "a number stands where a condition is expected");

    Level Deeper() => ++_depth <= MeterExpression.MaxDepth
        ? new(this)
        : throw new ExpressionException(Current.Position, $"more than {MeterExpression.MaxDepth} levels");

    bool IsSymbol(string symbol) => Current.Kind == TokenKind.Symbol && Current.Text == symbol;

    bool IsWord(string word) => Current.Kind == TokenKind.Name && Current.Text == word;

    bool TakeSymbol(string symbol)
    {
        if (!IsSymbol(symbol)) return false;
        _at++;
        return true;
    }

    bool TakeWord(string word)
    {
        if (!IsWord(word)) return false;
        _at++;
        return true;
    }

    void Expect(string symbol)
    {
        if (!TakeSymbol(symbol)) throw Unexpected($"'{symbol}'");
    }

    ExpressionException Unexpected(string expected) => new(Current.Position, $"{Current} stands where {expected} is expected");

    /// <summary>One level of nesting, left when disposed.</summary>
    readonly ref struct Level(ExpressionParser parser)
    {
        public void Dispose() => parser._depth--;
    }
}
