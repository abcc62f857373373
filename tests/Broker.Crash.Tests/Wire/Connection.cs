using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Streams.Broker.Crash.Tests.Wire;

/// <summary>One connection that speaks frames; answers come in the order of the requests.</summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private int _sent;
    private int _received;

    public Connection(string bootstrapServers)
    {
        _socket.ReceiveTimeout = _socket.SendTimeout = 60_000;
        _socket.Connect(IPEndPoint.Parse(bootstrapServers));
    }

    public void Send(int api, int version, Action<WireWriter> body)
    {
        var request = new WireWriter().Int16(api).Int16(version).Int32(++_sent).Text("crash");
        body(request);
        _socket.Send(new WireWriter().Bytes(request.ToArray()).ToArray());
    }

    /// <exception cref="EndOfStreamException">The broker closed the connection.</exception>
    public WireReader Receive()
    {
        var answer = new WireReader(Read(BinaryPrimitives.ReadInt32BigEndian(Read(4))));
        var correlation = answer.Int32();
        if (correlation != ++_received) throw new InvalidDataException($"answer {correlation} where {_received} was due");
        return answer;
    }

    public WireReader Ask(int api, int version, Action<WireWriter> body)
    {
        Send(api, version, body);
        return Receive();
    }

    public void Dispose() => _socket.Dispose();

    private byte[] Read(int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = _socket.Receive(bytes, at, count - at, SocketFlags.None);
            if (read == 0) throw new EndOfStreamException("the broker closed the connection");
            at += read;
        }
        return bytes;
    }
}
