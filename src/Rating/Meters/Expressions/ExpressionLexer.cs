using System.Text;

namespace Streams.Rating.Meters;

enum TokenKind
{
    Number,
    Text,
    Name,
    QuotedName,
    Symbol,
    End,
}

/// <summary>A word of an expression; positions count from 1.</summary>
readonly record struct Token(TokenKind Kind, string Text, int Position)
{
    public override string ToString() => Kind == TokenKind.End ? "the end" : $"'{Text}'";
}

static class ExpressionLexer
{
    public static List<Token> Tokens(string text)
    {
        if (text.Length > MeterExpression.MaxLength)
            throw new ExpressionException(MeterExpression.MaxLength + 1, $"the expression has {text.Length} characters, {MeterExpression.MaxLength} are allowed");
        var tokens = new List<Token>();
        for (var at = 0; at < text.Length;)
        {
            if (text[at] is ' ' or '\t' or '\r' or '\n')
            {
                at++;
                continue;
            }
            var (kind, word, length) = Next(text, at);
            tokens.Add(new(kind, word, at + 1));
            at += length;
        }
        tokens.Add(new(TokenKind.End, "", text.Length + 1));
        return tokens;
    }

    static (TokenKind Kind, string Text, int Length) Next(string text, int at)
    {
        var c = text[at];
        if (char.IsAsciiDigit(c)) return While(TokenKind.Number, text, at, static c => char.IsAsciiDigit(c) || c == '.');
        if (char.IsAsciiLetter(c) || c == '_') return While(TokenKind.Name, text, at, static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.');
        if (c == '\'') return Quoted(TokenKind.Text, text, at);
        if (c == '`') return Quoted(TokenKind.QuotedName, text, at);
        var two = at + 1 < text.Length ? text.Substring(at, 2) : "";
        if (two is "!=" or "<=" or ">=") return (TokenKind.Symbol, two, 2);
        if ("+-*/(),=<>".Contains(c)) return (TokenKind.Symbol, c.ToString(), 1);
        throw new ExpressionException(at + 1, char.IsControl(c) || char.IsSurrogate(c) ? $"the character U+{(int)c:X4} has no meaning here" : $"'{c}' has no meaning here");
    }

    static (TokenKind, string, int) While(TokenKind kind, string text, int at, Func<char, bool> belongs)
    {
        var end = at + 1;
        while (end < text.Length && belongs(text[end])) end++;
        return (kind, text[at..end], end - at);
    }

    /// <summary>Up to the closing quote; two quotes inside stand for one.</summary>
    static (TokenKind, string, int) Quoted(TokenKind kind, string text, int at)
    {
        var quote = text[at];
        var word = new StringBuilder();
        for (var i = at + 1; i < text.Length; i++)
        {
            if (text[i] != quote)
            {
                word.Append(text[i]);
                continue;
            }
            if (i + 1 == text.Length || text[i + 1] != quote) return (kind, word.ToString(), i + 1 - at);
            word.Append(text[i++]);
        }
        throw new ExpressionException(at + 1, $"the quote {quote} is not closed");
    }
}
