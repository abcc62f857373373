using System.Net;
using System.Net.Sockets;
using System.Text;
using Streams.Broker.Tests.Contract;

namespace Streams.Broker.Tests.Security;

/// <summary>What the listener refuses: strangers from the network, requests before authentication, too many connections, silent ones.</summary>
public sealed class ListenerTests
{
    private const short SaslHandshake = 17;
    private const short ApiVersions = 18;
    private const short Metadata = 3;
    private const short SaslAuthenticate = 36;

    [Fact]
    public async Task Beyond_loopback_clients_must_be_asked_for_something()
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options);
        var open = await Assert.ThrowsAsync<ArgumentException>(() => EmbeddedBroker.StartAsync(broker.Options with { Address = IPAddress.Any, AdvertisedHost = "localhost" }));
        Assert.Contains("anybody", open.Message);
        var unnamed = await Assert.ThrowsAsync<ArgumentException>(() => EmbeddedBroker.StartAsync(broker.Options with { Address = IPAddress.Any, Sasl = broker.Sasl }));
        Assert.Contains("advertised host", unnamed.Message);
    }

    [Fact]
    public async Task Beyond_loopback_and_unencrypted_PLAIN_is_not_offered()
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Sasl = b.Sasl, Address = IPAddress.Any, AdvertisedHost = "127.0.0.1" });
        using var client = await WireClient.ConnectAsync(broker.BootstrapServers);
        var reader = await client.CallAsync(SaslHandshake, 1, false, w => w.String("PLAIN"));
        Assert.Equal(33, reader.Int16());
        Assert.Equal(["SCRAM-SHA-512", "SCRAM-SHA-256"], reader.Array(r => r.String()));
    }

    [Fact]
    public async Task Before_authentication_only_versions_and_SASL_are_answered()
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Sasl = b.Sasl });
        foreach (var (key, version) in new[] { (Metadata, 1), ((short)0, 3), (SaslAuthenticate, 1) })
        {
            using var client = await WireClient.ConnectAsync(broker.BootstrapServers);
            Assert.Equal(0, (await client.CallAsync(ApiVersions, 0, false, _ => { })).Int16());
            await client.SendAsync(key, (short)version, false, w => w.Count(-1));
            await Assert.ThrowsAnyAsync<Exception>(() => client.ReceiveAsync());
        }
    }

    [Fact]
    public async Task Before_authentication_frames_are_small()
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Sasl = b.Sasl });
        using var client = await WireClient.ConnectAsync(broker.BootstrapServers);
        await client.SendAsync(SaslHandshake, 1, false, w => w.String(new string('x', 17_000)));
        await Assert.ThrowsAnyAsync<Exception>(() => client.ReceiveAsync());
    }

    [Fact]
    public async Task A_client_that_does_not_authenticate_in_time_is_sent_away()
    {
        // Long enough for the handshake below on a machine that stands still for seconds.
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Sasl = b.Sasl with { AuthenticationTimeout = TimeSpan.FromSeconds(8) } });
        using var silent = await ConnectAsync(broker);
        using var begun = await ConnectAsync(broker);
        await begun.SendAsync(Framed(SaslHandshake, 1, w => w.String("SCRAM-SHA-256")));
        Assert.True(await begun.ReceiveAsync(new byte[256]) > 0);
        Assert.Equal((0, 0), (await ReceiveAsync(silent), await ReceiveAsync(begun)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task PLAIN_is_spoken_in_every_version(int version)
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Sasl = b.Sasl });
        using var client = await WireClient.ConnectAsync(broker.BootstrapServers);
        Assert.Equal(0, (await client.CallAsync(SaslHandshake, 1, false, w => w.String("PLAIN"))).Int16());
        var reader = await client.CallAsync(SaslAuthenticate, (short)version, version >= 2, w => w.Bytes(Plain(SecureBroker.Password)).Tags());
        Assert.Equal((0, null), (reader.Int16(), reader.String()));
        Assert.Empty(reader.Bytes()!);
        if (version >= 1) Assert.Equal(0, reader.Int64());
        reader.End();
        Assert.Equal(1, (await client.CallAsync(Metadata, 1, false, w => w.Count(0))).Count());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_handshake_of_version_0_the_messages_have_no_headers(bool right)
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Sasl = b.Sasl });
        using var socket = await ConnectAsync(broker);
        await socket.SendAsync(Framed(SaslHandshake, 0, w => w.String("PLAIN")));
        var answer = new byte[256];
        Assert.True(await socket.ReceiveAsync(answer) > 10);
        Assert.Equal(0, answer[9]);
        await socket.SendAsync(new WireWriter(false).Bytes(Plain(right ? SecureBroker.Password : "x")).ToArray());
        var received = await socket.ReceiveAsync(answer);
        Assert.Equal(right ? 4 : 0, received);
        if (right) Assert.Equal([0, 0, 0, 0], answer[..4]);
    }

    [Fact]
    public async Task A_failure_is_told_and_the_connection_closed()
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Sasl = b.Sasl });
        foreach (var token in new[] { Plain("wrong"), Plain(""), Encoding.UTF8.GetBytes("\0nobody\0x"), Encoding.UTF8.GetBytes($"bob\0alice\0{SecureBroker.Password}"), [], [0] })
        {
            using var client = await WireClient.ConnectAsync(broker.BootstrapServers);
            await client.CallAsync(SaslHandshake, 1, false, w => w.String("PLAIN"));
            var reader = await client.CallAsync(SaslAuthenticate, 1, false, w => w.Bytes(token));
            Assert.Equal(58, reader.Int16());
            Assert.Contains("authentication failed", reader.String());
            await Assert.ThrowsAnyAsync<Exception>(() => client.CallAsync(ApiVersions, 0, false, _ => { }));
        }
    }

    [Fact]
    public async Task Connections_are_bounded_for_each_address()
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Connections = new ConnectionOptions { MaxPerAddress = 2 } });
        var first = await WireClient.ConnectAsync(broker.BootstrapServers);
        using var second = await WireClient.ConnectAsync(broker.BootstrapServers);
        await AnswersAsync(first);
        await AnswersAsync(second);
        using var third = await WireClient.ConnectAsync(broker.BootstrapServers);
        await Assert.ThrowsAnyAsync<Exception>(() => third.CallAsync(ApiVersions, 0, false, _ => { }));
        first.Dispose();
        await UntilAnsweredAsync(broker.BootstrapServers);
        await AnswersAsync(second);
    }

    [Fact]
    public async Task Connections_are_bounded_in_all()
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Connections = new ConnectionOptions { Max = 1 } });
        var first = await WireClient.ConnectAsync(broker.BootstrapServers);
        await AnswersAsync(first);
        using var second = await WireClient.ConnectAsync(broker.BootstrapServers);
        await Assert.ThrowsAnyAsync<Exception>(() => second.CallAsync(ApiVersions, 0, false, _ => { }));
        first.Dispose();
        await UntilAnsweredAsync(broker.BootstrapServers);
    }

    [Fact]
    public async Task Silent_connections_are_closed_and_waiting_ones_kept()
    {
        // Seconds lie between the steps: a pause of the machine is no silence, and the fetch waits well beyond the end of the silent connection.
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Connections = new ConnectionOptions { MaxIdle = TimeSpan.FromSeconds(6) } });
        using var silent = await ConnectAsync(broker);
        using var waiting = await WireClient.ConnectAsync(broker.BootstrapServers);
        await silent.SendAsync(Framed(ApiVersions, 0, _ => { }));
        Assert.True(await silent.ReceiveAsync(new byte[4096]) > 0);
        await waiting.CreateTopicsAsync(7, false, new WireTopic("t"));
        var fetch = waiting.CallAsync(1, 4, false, w => w.Int32(-1).Int32(18_000).Int32(1).Int32(1 << 20).Int8(0).Count(1).String("t").Count(1).Int32(0).Int64(0).Int32(1 << 20));
        Assert.Equal(0, await ReceiveAsync(silent));
        Assert.False(fetch.IsCompleted);
        Assert.Equal(0, (await fetch).Int32());
    }

    [Fact]
    public async Task A_plain_client_on_a_TLS_port_costs_nothing()
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Tls = b.Tls });
        // The whole process is counted, and other tests allocate beside this one; what such a client costs is in every attempt, and so in the least.
        var least = long.MaxValue;
        for (var attempt = 0; attempt < 10 && least >= 16 << 20; attempt++)
        {
            var before = GC.GetTotalAllocatedBytes();
            using var client = await WireClient.ConnectAsync(broker.BootstrapServers);
            await Assert.ThrowsAnyAsync<Exception>(() => client.CallAsync(ApiVersions, 0, false, _ => { }));
            least = Math.Min(least, GC.GetTotalAllocatedBytes() - before);
        }
        Assert.True(least < 16 << 20, $"{least} bytes or more each time");
    }

    private static async Task<Socket> ConnectAsync(SecureBroker broker)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(broker.BootstrapServers));
        return socket;
    }

    /// <summary>How many bytes came, 0 when the broker closed the connection.</summary>
    private static async Task<int> ReceiveAsync(Socket socket)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await socket.ReceiveAsync(new byte[256], patience.Token);
    }

    private static byte[] Framed(short key, int version, Action<WireWriter> body)
    {
        var frame = new WireWriter(false).Int16(key).Int16(version).Int32(7).String("raw");
        body(frame);
        return new WireWriter(false).Bytes(frame.ToArray()).ToArray();
    }

    private static byte[] Plain(string password) => Encoding.UTF8.GetBytes($"\0{SecureBroker.User}\0{password}");

    private static async Task AnswersAsync(WireClient client) => Assert.Equal(0, (await client.CallAsync(ApiVersions, 0, false, _ => { })).Int16());

    private static async Task UntilAnsweredAsync(string bootstrapServers)
    {
        var deadline = DateTime.UtcNow.AddSeconds(10);
        while (true)
        {
            using var client = await WireClient.ConnectAsync(bootstrapServers);
            try
            {
                await AnswersAsync(client);
                return;
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                Assert.True(DateTime.UtcNow < deadline, "no connection was let in again");
            }
        }
    }
}
