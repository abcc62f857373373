using System.Buffers.Binary;
using System.IO.Compression;
using Streams.Rating.Invoicing;

namespace Streams.Aggregators.Billing;

/// <summary>
/// A contract's invoicing as it is kept in memory and in the changelog: <see cref="InvoicingStateJson"/>'s bytes compressed (Brotli) behind their length. A period
/// that can still be corrected is kept with all of its lines, which say much the same: a sixth of the bytes, and far less than as objects.
/// </summary>
static class StoredState
{
    const int Quality = 2, Window = 18, LengthSize = sizeof(int), MostBytes = 256 * 1024 * 1024;

    public static byte[] Pack(InvoicingState state)
    {
        var json = InvoicingStateJson.Write(state);
        var packed = new byte[LengthSize + BrotliEncoder.GetMaxCompressedLength(json.Length)];
        BinaryPrimitives.WriteInt32BigEndian(packed, json.Length);
        if (!BrotliEncoder.TryCompress(json, packed.AsSpan(LengthSize), out var written, Quality, Window)) throw new InvalidOperationException("A state could not be compressed");
        return packed[..(LengthSize + written)];
    }

    /// <exception cref="FormatException">Not a packed state.</exception>
    public static InvoicingState Unpack(ReadOnlySpan<byte> packed)
    {
        var length = packed.Length < LengthSize ? -1 : BinaryPrimitives.ReadInt32BigEndian(packed);
        if (length is < 0 or > MostBytes) throw new FormatException("The state of a contract's invoicing has no valid length");
        var json = new byte[length];
        if (!BrotliDecoder.TryDecompress(packed[LengthSize..], json, out var written) || written != length) throw new FormatException("The state of a contract's invoicing is not compressed as it should be");
        return InvoicingStateJson.Read(json);
    }
}
