using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Streams.Broker.Tests.Contract;

/// <summary>
/// A connection that says what client libraries cannot: raw requests, written by the test itself. It shares no code with the broker, so that both
/// cannot be wrong in the same way. Answers come in the order of the requests; several may be sent before the first is read.
/// </summary>
public sealed class WireClient : IDisposable
{
    private const short ApiVersions = 18;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly Queue<(int Correlation, bool Flexible, bool TaggedHeader)> _expected = new();
    private int _correlation;

    private WireClient()
    {
    }

    public string ClientId { get; init; } = "wire";

    public static async Task<WireClient> ConnectAsync(string bootstrapServers)
    {
        var client = new WireClient();
        await client._socket.ConnectAsync(IPEndPoint.Parse(bootstrapServers));
        return client;
    }

    /// <summary>Sends a request and waits for its answer; everything sent before must have been received.</summary>
    public async Task<WireReader> CallAsync(short key, short version, bool flexible, Action<WireWriter> body, CancellationToken ct = default)
    {
        await SendAsync(key, version, flexible, body);
        return await ReceiveAsync(ct);
    }

    /// <summary>Sends a request. <paramref name="answered"/> is false for the one that has no answer, Produce with acks=0.</summary>
    public async Task SendAsync(short key, short version, bool flexible, Action<WireWriter> body, bool answered = true)
    {
        var header = new WireWriter(flexible: false).Int16(key).Int16(version).Int32(++_correlation).String(ClientId);
        var writer = new WireWriter(flexible);
        if (flexible) header.Raw([0]);
        body(writer);
        if (answered) _expected.Enqueue((_correlation, flexible, flexible && key != ApiVersions));
        var frame = new WireWriter(flexible: false).Int32(header.Length + writer.Length).Raw(header.ToArray()).Raw(writer.ToArray());
        await SendRawAsync(frame.ToArray());
    }

    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[await _socket.SendAsync(bytes)..];
    }

    /// <summary>The answer to the oldest request that has none yet, after its header.</summary>
    /// <exception cref="IOException">The broker closed the connection.</exception>
    public Task<WireReader> ReceiveAsync(CancellationToken ct = default)
    {
        var (correlation, flexible, tagged) = _expected.Dequeue();
        return ReceiveAsync(correlation, flexible, tagged, ct);
    }

    /// <summary>The answer to a request that was sent as raw bytes, in a version that is not flexible.</summary>
    public Task<WireReader> ReceiveAsync(int expectCorrelation, CancellationToken ct = default) => ReceiveAsync(expectCorrelation, false, false, ct);

    private async Task<WireReader> ReceiveAsync(int correlation, bool flexible, bool tagged, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(TimeSpan.FromSeconds(90));
        var size = BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(4, patience.Token));
        var reader = new WireReader(await ReadAsync(size, patience.Token), flexible);
        Assert.Equal(correlation, reader.Int32());
        if (tagged) reader.Tags();
        return reader;
    }

    public void Dispose() => _socket.Dispose();

    private async Task<byte[]> ReadAsync(int count, CancellationToken ct)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = await _socket.ReceiveAsync(bytes.AsMemory(at), ct);
            if (read == 0) throw new IOException("the broker closed the connection");
            at += read;
        }
        return bytes;
    }
}

/// <summary>Writes the protocol's primitive types; compact lengths and tags in flexible versions.</summary>
public sealed class WireWriter(bool flexible)
{
    private readonly MemoryStream _bytes = new();

    public int Length => (int)_bytes.Length;

    public WireWriter Int8(int value) => Raw([unchecked((byte)value)]);

    public WireWriter Bool(bool value) => Int8(value ? 1 : 0);

    public WireWriter Int16(int value) => Raw([unchecked((byte)(value >> 8)), unchecked((byte)value)]);

    public WireWriter Int32(int value) => Int16(value >> 16).Int16(unchecked((short)value));

    public WireWriter Int64(long value) => Int32((int)(value >> 32)).Int32(unchecked((int)value));

    public WireWriter Uuid(Guid value) => Raw(value.ToByteArray(bigEndian: true));

    public WireWriter VarUInt(uint value)
    {
        for (; value >= 0x80; value >>= 7) Int8((int)(value & 0x7F) | 0x80);
        return Int8((int)value);
    }

    public WireWriter String(string? value)
    {
        var length = value is null ? -1 : Encoding.UTF8.GetByteCount(value);
        if (flexible) VarUInt((uint)(length + 1));
        else Int16(length);
        return value is null ? this : Raw(Encoding.UTF8.GetBytes(value));
    }

    public WireWriter Bytes(byte[]? value) => Count(value?.Length ?? -1).Raw(value ?? []);

    /// <summary>The length of an array that the caller writes, -1 for null.</summary>
    public WireWriter Count(int count) => flexible ? VarUInt((uint)(count + 1)) : Int32(count);

    public WireWriter Array<T>(IReadOnlyCollection<T>? items, Action<WireWriter, T> write)
    {
        Count(items?.Count ?? -1);
        foreach (var item in items ?? []) write(this, item);
        return this;
    }

    public WireWriter Int32s(params int[] values) => Array(values, (w, v) => w.Int32(v));

    public WireWriter Strings(params string[] values) => Array(values, (w, v) => w.String(v));

    /// <summary>Ends a structure without tagged fields.</summary>
    public WireWriter Tags() => flexible ? Int8(0) : this;

    public WireWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public byte[] ToArray() => _bytes.ToArray();
}

/// <summary>Reads the protocol's primitive types of one answer.</summary>
public sealed class WireReader(byte[] bytes, bool flexible)
{
    private int _position;

    public int Remaining => bytes.Length - _position;

    public sbyte Int8() => unchecked((sbyte)Take(1)[0]);

    public bool Bool() => Int8() != 0;

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public Guid Uuid() => new(Take(16), bigEndian: true);

    public uint VarUInt()
    {
        uint value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = Take(1)[0];
            value |= (uint)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
    }

    public string? String()
    {
        var length = flexible ? (int)VarUInt() - 1 : Int16();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    public byte[]? Bytes()
    {
        var length = Count();
        return length < 0 ? null : Take(length).ToArray();
    }

    /// <summary>The length of an array that the caller reads, -1 for null.</summary>
    public int Count() => flexible ? (int)VarUInt() - 1 : Int32();

    /// <summary>An array; a null one is empty.</summary>
    public List<T> Array<T>(Func<WireReader, T> read)
    {
        var items = new List<T>();
        for (var left = Count(); left > 0; left--) items.Add(read(this));
        return items;
    }

    /// <summary>Ends a structure; tagged fields are passed over.</summary>
    public WireReader Tags()
    {
        if (!flexible) return this;
        for (var left = VarUInt(); left > 0; left--)
        {
            VarUInt();
            Take((int)VarUInt());
        }
        return this;
    }

    /// <summary>Nothing may be left: what the test did not expect is a difference too.</summary>
    public void End()
    {
        Tags();
        Assert.Equal(0, Remaining);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var start = _position;
        _position += count;
        return bytes.AsSpan(start, count);
    }
}
