using System.Text;
using Streams.Ingest.Events;

namespace Streams.Ingest.Http;

/// <summary>Attribute values in HTTP headers (CloudEvents HTTP binding, "HTTP Header Values"): unquoted, then percent-decoded exactly once.</summary>
static class HeaderText
{
    static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static string Decode(string header, string field)
    {
        var text = Unquote(header);
        if (!text.Contains('%')) return text;
        // What is not ASCII must be percent-encoded in a header; Kestrel hands it over decoded, so it is encoded again byte by byte.
        var encoded = Encoding.UTF8.GetBytes(text);
        var bytes = new byte[encoded.Length];
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            bytes[length++] = encoded[i] == '%' ? Escaped(encoded, ref i, field) : encoded[i];
        }
        try
        {
            return StrictUtf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            throw Invalid(field, "is not UTF-8 after percent-decoding");
        }
    }

    static byte Escaped(byte[] text, ref int i, string field)
    {
        if (i + 2 >= text.Length || !char.IsAsciiHexDigit((char)text[i + 1]) || !char.IsAsciiHexDigit((char)text[i + 2]))
        {
            throw Invalid(field, "holds a % that two hexadecimal digits do not follow");
        }
        i += 2;
        return Convert.FromHexString([(char)text[i - 1], (char)text[i]])[0];
    }

    static string Unquote(string header)
    {
        if (header.Length < 2 || header[0] != '"' || header[^1] != '"') return header;
        var text = new StringBuilder(header.Length);
        for (var i = 1; i < header.Length - 1; i++)
        {
            if (header[i] == '\\' && i + 1 < header.Length - 1) i++;
            text.Append(header[i]);
        }
        return text.ToString();
    }

    static EventRefusedException Invalid(string field, string reason) => new(RefusalCodes.TextInvalid, field, reason);
}
