using System.Diagnostics;
using Streams.Broker.Crash.Tests.Wire;

namespace Streams.Broker.Crash.Tests;

/// <summary>What the broker asks of the system, seen from outside: nothing is acknowledged that was not synced.</summary>
public sealed class SystemCallTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Data => Path.Combine(_folder.Path, "new", "data");

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void Files_and_directories_are_synced_before_anything_is_acknowledged()
    {
        Skip.If(Checkout.Program("strace") is null, "strace is not installed");
        var trace = Path.Combine(_folder.Path, "trace");
        using (var broker = new BrokerProcess(Data, "strace", "-f", "-qq", "-y", "-s", "0", "-o", trace,
            "-e", "trace=openat,pwrite64,pwritev,ftruncate,fsync,fdatasync,sendmsg,sendto,rename,renameat,renameat2,mkdir,mkdirat"))
        {
            Talk(broker.BootstrapServers);
            broker.Stop();
        }
        var calls = SystemCalls.Parse(File.ReadLines(trace));
        var (answers, syncs) = (Unsynced.Check(calls, Data), calls.Count(c => c.Name == "fsync"));
        output.WriteLine($"{calls.Count} system calls, {answers} answers, {syncs} fsyncs, {calls.Count(c => c.Name == "fsync" && Directory.Exists(c.Target))} of directories");
        Assert.True(answers >= 60, $"only {answers} answers were seen");
    }

    [SkippableFact]
    public void A_failed_fsync_ends_the_process_without_an_answer()
    {
        Skip.If(Checkout.Program("strace") is null, "strace is not installed");
        var (place, acknowledged) = (new Place("t", 0), 1);
        using (var broker = new BrokerProcess(Data))
        {
            using var client = new Client(broker.BootstrapServers);
            client.CreateTopic("t", 1);
            Assert.Equal((0, 0L), client.Produce(place, Record(1)));
            using var tracer = Attach(broker.Id);
            // The tracer takes hold of one thread after the other: until it has the one that syncs, records are acknowledged.
            while (acknowledged < 200 && Ask(() => client.Produce(place, Record((byte)(acknowledged + 1)))) == 0)
            {
                acknowledged++;
                tracer.WaitForExit(100);
            }
            Assert.True(acknowledged < 200, "fsync fails, and records are acknowledged");
            Assert.True(Ask(() => client.Produce(place, Record(0))) is null or not 0, "a record is acknowledged after an fsync has failed");
            Assert.NotEqual(0, broker.AwaitEnd());
            tracer.WaitForExit();
        }
        using var again = new BrokerProcess(Data);
        using var reader = new Client(again.BootstrapServers);
        var kept = reader.Fetch([(place, 0)], committed: false).SelectMany(f => f.Batches).ToList();
        Assert.True(kept.Count >= acknowledged, $"{acknowledged} records were acknowledged, {kept.Count} are left");
        Assert.All(kept.Take(acknowledged).Select((b, i) => (b, i)), k => Assert.True(k.b.HoldsTheSameAs(new Batch(Record((byte)(k.i + 1))))));
        Assert.Equal(0, reader.Produce(place, Record(3)).Error);
    }

    /// <summary>The error that was answered; null where the connection ended instead.</summary>
    private static int? Ask(Func<(int Error, long)> request)
    {
        try
        {
            return request().Error;
        }
        catch (Exception e) when (e is EndOfStreamException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    private static byte[] Record(byte value) => Batch.Create(Stamp.Plain, false, 1_700_000_000_000, [(null, [value])]);

    /// <summary>One request after the other, so that nothing is on its way when an answer goes out.</summary>
    private static void Talk(string bootstrapServers)
    {
        using var client = new Client(bootstrapServers);
        client.CreateTopic("t", 2);
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(0, client.Produce(new Place("t", i % 2), Batch.Create(Stamp.Plain, false, 1_700_000_000_000, [(null, new byte[200])])).Error);
            if (i % 4 == 0) Assert.Equal(0, client.CommitOffset("g", new Place("t", 0), i));
            if (i % 10 == 0) Assert.Equal(0, client.InitProducerId(null).Error);
            if (i % 10 == 5) Assert.Equal(0, client.CreateTopic($"t{i}", 1));
        }
        Assert.Equal(0, client.DeleteTopic("t5"));
    }

    private static Process Attach(int process)
    {
        var tracer = Process.Start(new ProcessStartInfo("strace", ["-f", "-p", $"{process}", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"]) { RedirectStandardError = true })!;
        var first = tracer.StandardError.ReadLine();
        Skip.If(first?.Contains("attached", StringComparison.Ordinal) != true, $"strace cannot attach: {first}");
        _ = tracer.StandardError.ReadToEndAsync();
        return tracer;
    }
}

/// <summary>What was written and not yet synced, along a trace.</summary>
internal static class Unsynced
{
    /// <returns>How many answers were sent, each of them with everything synced.</returns>
    public static int Check(List<SystemCall> calls, string data)
    {
        HashSet<string> seen = [];
        Dictionary<string, int> dirty = [];
        var answers = 0;
        foreach (var call in calls.OrderBy(c => c.Ended))
        {
            if (call.Result.StartsWith('-')) continue;
            switch (call.Name)
            {
                case "openat" when call.Arguments.Contains("O_CREAT", StringComparison.Ordinal) && IsKept(call.LastPath, data) && seen.Add(call.LastPath): dirty[Path.GetDirectoryName(call.LastPath)!] = call.Ended; break;
                case "mkdir" or "mkdirat" or "rename" or "renameat" or "renameat2" when IsWithin(call.LastPath, data): dirty[Path.GetDirectoryName(call.LastPath)!] = call.Ended; break;
                case "pwrite64" or "pwritev" or "ftruncate" when IsKept(call.Target, data): dirty[call.Target] = call.Ended; break;
                case "fsync" or "fdatasync" when dirty.TryGetValue(call.Target, out var written) && written < call.Began: dirty.Remove(call.Target); break;
                case "sendmsg" or "sendto" when call.Target.StartsWith("socket", StringComparison.Ordinal) || call.Target.StartsWith("TCP", StringComparison.Ordinal):
                    answers++;
                    var first = dirty.Where(d => d.Value < call.Began).Select(d => d.Key).FirstOrDefault();
                    Assert.True(first is null, $"answer {answers} (line {call.Began}) went out before {first} was synced");
                    break;
                default: break;
            }
        }
        return answers;
    }

    private static bool IsWithin(string path, string data) => path == data || path.StartsWith(data + "/", StringComparison.Ordinal) || data.StartsWith(path + "/", StringComparison.Ordinal);

    /// <summary>Logs, the journal, what replaces files; durable points and the lock are not needed after a power cut.</summary>
    private static bool IsKept(string path, string data) => path.StartsWith(data + "/", StringComparison.Ordinal)
        && !path.EndsWith(".durable", StringComparison.Ordinal) && !path.EndsWith("/lock", StringComparison.Ordinal);
}
