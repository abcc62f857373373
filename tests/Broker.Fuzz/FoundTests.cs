using Streams.Broker.Fuzz.Wire;

namespace Streams.Broker.Fuzz;

/// <summary>What fuzzing has found, as cases of their own.</summary>
public sealed class FoundTests : IAsyncLifetime
{
    private const short JoinGroup = 11;
    private const short LeaveGroup = 13;
    private const long MemberIdRequired = 79;
    private readonly string _folder = Directory.CreateTempSubdirectory("broker-found-").FullName;
    private EmbeddedBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _folder });

    public async Task DisposeAsync()
    {
        await _broker.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Null where an array is required was answered with null, which no client can read. The connection is closed, or null is read as none.</summary>
    [Theory]
    [InlineData("0000000B0020341A000466BD7A7A00000001200001000000000180")]
    [InlineData("00020006000046D9000466757A7A00086731000000")]
    [InlineData("000F000400005519000466757A7AFFFFFFFF000000")]
    [InlineData("000D0004000089E9000466757A7A000467320100")]
    [InlineData("00200002000036AA000466757A7AFFFFFFFF01")]
    public async Task Null_where_an_array_is_required_is_not_answered_with_null(string frame)
    {
        var request = Convert.FromHexString(frame);
        using var connection = await RawConnection.OpenAsync(_broker.BootstrapServers);
        await connection.SendAsync(RawConnection.Framed(request));
        try
        {
            Assert.Null(Answers.Check(await connection.ReceiveAsync(), request.AsSpan(4, 4), request[1], request[3]));
        }
        catch (EndOfStreamException)
        {
            // Refused as malformed, as Kafka does.
        }
    }

    /// <summary>A group without members whose rebalance still waits for a client that was given an id and never used it: the next join failed.</summary>
    [Fact]
    public async Task A_join_is_answered_when_all_members_have_left_during_a_rebalance()
    {
        using var one = await RawConnection.OpenAsync(_broker.BootstrapServers);
        var first = await AskAsync(one, JoinGroup, 0, ["found", 6000L, "", "consumer", Protocols()]);
        Assert.Equal(0L, first.Values[0]);
        using var two = await RawConnection.OpenAsync(_broker.BootstrapServers);
        var unused = await AskAsync(two, JoinGroup, 4, ["found", 6000L, 6000L, "", "consumer", Protocols()]);
        Assert.Equal(MemberIdRequired, unused.Values[1]);
        Assert.Equal(0L, (await AskAsync(one, LeaveGroup, 0, ["found", first.Values[4]!])).Values[0]);
        Assert.Equal(0L, (await AskAsync(one, JoinGroup, 0, ["found", 6000L, "", "consumer", Protocols()])).Values[0]);
    }

    private static object?[] Protocols() => [new Struct(["range", new byte[] { 0, 0 }], [])];

    private static async Task<Struct> AskAsync(RawConnection connection, short key, short version, object?[] fields)
    {
        var request = WireWriter.Request(Format.Find(key, request: true, version)!, version, 1, "found", new Struct(fields, []));
        await connection.SendAsync(RawConnection.Framed(request.ToArray()));
        return WireReader.ReadAll((await connection.ReceiveAsync()).AsMemory(8), Format.Find(key, request: false, version)!);
    }
}
