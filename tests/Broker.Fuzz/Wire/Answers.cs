using System.Buffers.Binary;

namespace Streams.Broker.Fuzz.Wire;

/// <summary>Whether an answer is one: framed, for its request, laid out as its version says.</summary>
internal static class Answers
{
    private const short ApiVersions = 18;

    /// <summary>What is wrong with an answer, or null.</summary>
    public static string? Check(ReadOnlyMemory<byte> answer, ReadOnlySpan<byte> correlation, short key, short version)
    {
        if (answer.Length < 8 || BinaryPrimitives.ReadInt32BigEndian(answer.Span) != answer.Length - 4) return $"{key} v{version}: an answer of {answer.Length} bytes with another length";
        if (!answer.Span.Slice(4, 4).SequenceEqual(correlation)) return $"{key} v{version}: the answer to another request";
        if (Format.Find(key, request: false, version) is not { } format) return null;
        try
        {
            var header = key != ApiVersions && format.Flexible ? 9 : 8;
            WireReader.ReadAll(answer[header..], format);
            return null;
        }
        catch (InvalidDataException e)
        {
            return $"{format.Name} v{version}: an answer of another layout: {e.Message}";
        }
    }
}
