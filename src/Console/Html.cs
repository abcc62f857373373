using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Streams.ConsolePages;

/// <summary>
/// HTML text. Made only from interpolated strings whose literal parts are markup; whatever stands in a hole is encoded, unless it is <see cref="Html"/> itself.
/// So a value from outside cannot become markup by oversight.
/// </summary>
sealed class Html
{
    static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    readonly string _text;

    Html(string text) => _text = text;

    public static Html Empty { get; } = new("");

    public static Html Of(Handler handler) => new(handler.ToText());

    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(p => p._text)));

    public override string ToString() => _text;

    [InterpolatedStringHandler]
    public readonly ref struct Handler(int literalLength, int formattedCount)
    {
        readonly StringBuilder _text = new(literalLength + formattedCount * 16);

        public void AppendLiteral(string markup) => _text.Append(markup);

        public void AppendFormatted(Html html) => _text.Append(html._text);

        public void AppendFormatted(string? value) => _text.Append(Encoder.Encode(value ?? ""));

        public void AppendFormatted<T>(T value) =>
            AppendFormatted(value is IFormattable f ? f.ToString(null, CultureInfo.InvariantCulture) : value?.ToString());

        public void AppendFormatted(DateTime time) => AppendFormatted(time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture));

        public string ToText() => _text.ToString();
    }
}
