using System.Text;

namespace Streams.Aggregators.Metering;

/// <summary>The rules for an event's texts.</summary>
static class EventText
{
    /// <summary>Bytes at most in an id, source, customer or meter.</summary>
    public const int MaxBytes = 1024;

    /// <summary>Null for good text, else the code: TEXT_EMPTY, TEXT_TOO_LONG, TEXT_NOT_UTF8 or TEXT_CONTROL_CHARACTER.</summary>
    public static string? Check(ReadOnlySpan<byte> text)
    {
        if (text.Length == 0) return "TEXT_EMPTY";
        if (text.Length > MaxBytes) return "TEXT_TOO_LONG";
        return text.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7E) < 0 ? null : CheckSlowly(text);
    }

    static string? CheckSlowly(ReadOnlySpan<byte> text)
    {
        while (text.Length > 0)
        {
            if (Rune.DecodeFromUtf8(text, out var rune, out var length) != System.Buffers.OperationStatus.Done) return "TEXT_NOT_UTF8";
            if (Rune.IsControl(rune)) return "TEXT_CONTROL_CHARACTER";
            text = text[length..];
        }
        return null;
    }
}
