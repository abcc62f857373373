using System.Buffers;
using Streams.Schemas.Registry;

namespace Streams.Schemas.Tests.Registry;

/// <summary>Byte 0, the id big-endian, the payload.</summary>
public sealed class WireFormatTests
{
    [Fact]
    public void The_header_is_byte_0_and_the_id_big_endian()
    {
        var output = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(output, 0x01020304);
        Assert.Equal(new byte[] { 0, 1, 2, 3, 4 }, output.WrittenSpan.ToArray());
    }

    [Fact]
    public void A_value_splits_into_id_and_payload()
    {
        Assert.True(WireFormat.TryRead([0, 0, 0, 1, 0, 9, 8], out var id, out var payload));
        Assert.Equal(256, id);
        Assert.Equal(new byte[] { 9, 8 }, payload.ToArray());
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0, 0, 0, 1 })]
    [InlineData(new byte[] { 1, 0, 0, 0, 1, 2 })]
    [InlineData(new byte[] { (byte)'{', 0, 0, 0, 1, 2 })]
    public void Anything_else_is_not_of_this_format(byte[] value) => Assert.False(WireFormat.TryRead(value, out _, out _));
}
