using System.Buffers.Binary;
using Streams.Schemas.Identity;

namespace Streams.Schemas.Tests;

public sealed class SipHash128Tests
{
    /// <summary>From the reference implementation's vectors_sip128: key 00..0f, input 00, 01, 02, …</summary>
    [Theory]
    [InlineData(0, "a3817f04ba25a8e66df67214c7550293")]
    [InlineData(1, "da87c1d86b99af44347659119b22fc45")]
    [InlineData(8, "3b62a9ba6258f5610f83e264f31497b4")]
    public void Agrees_with_the_reference(int length, string expected)
    {
        var input = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        var (low, high) = SipHash128.Hash(input, 0x0706050403020100, 0x0f0e0d0c0b0a0908);
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, low);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), high);
        Assert.Equal(expected, Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void Where_the_source_ends_is_part_of_the_identity() =>
        Assert.NotEqual(SipHash128.Identity("ab"u8, "c"u8), SipHash128.Identity("a"u8, "bc"u8));
}
