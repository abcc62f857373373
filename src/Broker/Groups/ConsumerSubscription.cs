using System.Buffers.Binary;
using System.Text;

namespace Streams.Broker.Groups;

/// <summary>The head of a consumer's subscription in the classic protocol: version, then the topics it reads; all later fields come after.</summary>
internal static class ConsumerSubscription
{
    /// <summary>Adds the topics; false where the bytes are no subscription.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, HashSet<string> topics)
    {
        if (bytes.Length < 6 || BinaryPrimitives.ReadInt16BigEndian(bytes) < 0) return false;
        var count = BinaryPrimitives.ReadInt32BigEndian(bytes[2..]);
        bytes = bytes[6..];
        for (; count > 0; count--)
        {
            if (bytes.Length < 2) return false;
            var length = BinaryPrimitives.ReadInt16BigEndian(bytes);
            if (length < 0 || length > bytes.Length - 2) return false;
            topics.Add(Encoding.UTF8.GetString(bytes.Slice(2, length)));
            bytes = bytes[(2 + length)..];
        }
        return true;
    }
}
