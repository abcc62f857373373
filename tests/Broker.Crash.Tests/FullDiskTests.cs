using Streams.Broker.Crash.Tests.Disk;
using Streams.Broker.Crash.Tests.Wire;
using Streams.Broker.Crash.Tests.Workload;

namespace Streams.Broker.Crash.Tests;

/// <summary>A disk without space: an error is answered, nothing is acknowledged that is not there, and when space is back all goes on without a restart.</summary>
public sealed class FullDiskTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_kind_of_write_is_refused_while_the_disk_is_full_and_served_again_afterwards()
    {
        var disk = new SimulatedDisk(_folder.Path, DiskImage.Empty);
        using var life = Life.On(disk, _folder.Path, new Knowledge());
        var steps = new Steps(life, new Random(1));
        Script.Prepare(steps);
        Scripts.Lasting.Run(steps, 20, new Random(1));
        disk.IsFull = true;
        var served = Requests(life).Select(r => $"{r.Name}: {Outcome(life, r.Ask)}").Where(o => !o.EndsWith("refused", StringComparison.Ordinal)).ToList();
        Assert.True(served.Count == 0, $"on a full disk, {string.Join("; ", served)}");
        Assert.All(LogReader.All(life.Client).Values, view => Assert.Equal(0, view.Error));
        disk.IsFull = false;
        life.ForgetErrors();
        Examine(life);
    }

    [Fact]
    public void The_disk_may_be_full_for_any_single_write()
    {
        var writes = 0;
        for (var failing = 0; failing < Tier.Of(60, 250); failing++, writes++) FullAt(failing);
        output.WriteLine($"{writes} writes failed, one at a time");
    }

    [Fact]
    public void A_failed_fsync_is_fatal_and_nothing_is_acknowledged_any_more()
    {
        var disk = new SimulatedDisk(_folder.Path, DiskImage.Empty);
        using var life = Life.On(disk, _folder.Path, new Knowledge());
        Script.Prepare(new Steps(life, new Random(1)));
        disk.SyncsFail = true;
        AssertNoAcknowledgement(life);
        Assert.Contains(life.Errors, e => e.StartsWith("fatal", StringComparison.Ordinal));
        disk.SyncsFail = false;
        life.Reconnect();
        AssertNoAcknowledgement(life);
    }

    private static void AssertNoAcknowledgement(Life life)
    {
        int error;
        try
        {
            error = life.Client.Produce(new Place("a", 0), Record(life)).Error;
        }
        catch (Exception e) when (e is EndOfStreamException or System.Net.Sockets.SocketException)
        {
            return;
        }
        Assert.NotEqual(0, error);
    }

    private static byte[] Record(Life life) => Batch.Create(Stamp.Plain, false, life.Time.Milliseconds, [(null, new byte[100])]);

    private static (string Name, Func<int> Ask)[] Requests(Life life) =>
    [
        ("Produce", () => life.Client.Produce(new Place("a", 0), Record(life)).Error),
        ("CreateTopics", () => life.Client.CreateTopic("new", 1)),
        ("CreatePartitions", () => life.Client.CreatePartitions("b", 9)),
        ("DeleteTopics", () => life.Client.DeleteTopic("b")),
        ("DeleteRecords", () => life.Client.DeleteRecords(new Place("a", 0), 1)),
        ("OffsetCommit", () => life.Client.CommitOffset("g", new Place("a", 0), 1)),
        ("InitProducerId", () => life.Client.InitProducerId(null).Error),
        ("InitProducerId of a transactional id", () => life.Client.InitProducerId("new").Error),
    ];

    private static string Outcome(Life life, Func<int> ask)
    {
        try
        {
            return ask() == 0 ? "acknowledged" : "refused";
        }
        catch (EndOfStreamException)
        {
            life.Reconnect();
            return "no answer, the connection is closed";
        }
    }

    private static void Examine(Life life)
    {
        Verifier.Logs(life);
        Resumption.Run(life);
        Verifier.Logs(life);
        Verifier.Outcomes(life);
        Scripts.Lasting.Run(new Steps(life, new Random(2)), 5, new Random(2));
        life.Restart();
        Verifier.Logs(life);
    }

    private void FullAt(int failing)
    {
        var disk = new SimulatedDisk(_folder.Path, DiskImage.Empty);
        using var life = Life.On(disk, _folder.Path, new Knowledge());
        var (random, steps) = (new Random(failing), new Steps(life, new Random(failing)));
        Script.Prepare(steps);
        disk.FullAtWrite = failing % 40;
        try
        {
            Scripts.Lasting.Run(steps, 30, random);
        }
        catch (Exception e) when (e is Violation or EndOfStreamException)
        {
            // The step was refused: what was under way is unknown, as after a crash.
            life.Reconnect();
        }
        disk.FullAtWrite = null;
        life.ForgetErrors();
        try
        {
            Examine(life);
        }
        catch (Exception e)
        {
            throw new Violation($"write {failing % 40} failed, seed {failing}: {(e is Violation ? e.Message : e)}\n  {string.Join("\n  ", disk.Trace().TakeLast(40))}");
        }
    }
}
