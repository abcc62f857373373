using Streams.Broker.Network;

namespace Streams.Broker.Fuzz.Fuzzing;

/// <summary>Keeps what is sent.</summary>
internal sealed class MemoryTransport : ITransport
{
    private readonly MemoryStream _sent = new();

    public byte[] Sent => _sent.ToArray();

    public bool HasGone => false;

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct) => ValueTask.FromResult(0);

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        _sent.Write(bytes.Span);
        return ValueTask.CompletedTask;
    }

    public void Dispose() => _sent.Dispose();
}
