using System.Security.Cryptography;
using System.Text;

namespace Streams.ErpSink.Posting;

/// <summary>A call's name as a UUID, for ERPs that take names of that form: the same name gives the same UUID (RFC 9562 §5.8, from SHA-256).</summary>
public static class CallUuid
{
    public static Guid Create(string call)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(call)).AsSpan(0, 16);
        bytes[6] = (byte)(bytes[6] & 0x0F | 0x80);
        bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
