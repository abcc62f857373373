using Streams.Broker.Checker.Tests.Workload;

namespace Streams.Broker.Checker.Tests.Nemeses;

/// <summary>What happens to a server while clients work; without a strike of its own, nothing does.</summary>
internal class Nemesis(string name, IServer server) : IAsyncDisposable
{
    public string Name { get; } = name;

    public IServer Server { get; } = server;

    /// <summary>Where the clients connect.</summary>
    public virtual string BootstrapServers => Server.BootstrapServers;

    /// <summary>Faults that come and go during a run; 0 where the fault is there all the time or never.</summary>
    public int Strikes { get; private set; }

    public virtual Task StartAsync() => Server.StartAsync();

    /// <summary>Faults, with pauses between, until told to stop; none is left standing.</summary>
    public async Task WorkAsync(Run run, Random random)
    {
        while (run.Going)
        {
            await Task.Delay(random.Next(300, 1500));
            if (!run.Going || !await StrikeAsync(run, random)) continue;
            Strikes++;
        }
    }

    public virtual async ValueTask DisposeAsync() => await Server.DisposeAsync();

    /// <summary>One fault from its beginning to its end; false where there was none.</summary>
    protected virtual Task<bool> StrikeAsync(Run run, Random random) => Task.FromResult(false);
}

/// <summary>kill -9, at times again while it recovers; started again after up to three seconds.</summary>
internal sealed class Kill(IServer server) : Nemesis("kill -9", server)
{
    protected override async Task<bool> StrikeAsync(Run run, Random random)
    {
        run.Journal.Fault(Name);
        await Server.KillAsync();
        while (Server is EmbeddedProcess embedded && random.Next(3) == 0)
        {
            _ = embedded.Launch();
            await Task.Delay(random.Next(50, 500));
            await embedded.KillAsync();
            run.Seen("a kill during recovery");
        }
        if (random.Next(3) == 0) await Task.Delay(random.Next(3000));
        await Server.ResumeAsync();
        return true;
    }
}

/// <summary>SIGSTOP, SIGCONT up to four seconds later.</summary>
internal sealed class Pause(EmbeddedProcess server) : Nemesis("pause", server)
{
    protected override async Task<bool> StrikeAsync(Run run, Random random)
    {
        run.Journal.Fault(Name);
        server.Pause();
        await Task.Delay(random.Next(200, random.Next(2) == 0 ? 800 : 4000));
        server.Continue();
        return true;
    }
}

/// <summary>Connections that are reset, also in the middle of a frame, that stall, and that no longer carry requests.</summary>
internal sealed class Connections(IServer server) : Nemesis("connections", server)
{
    private FaultyProxy? _proxy;

    public override string BootstrapServers => _proxy!.BootstrapServers;

    public override async Task StartAsync()
    {
        await base.StartAsync();
        _proxy = new FaultyProxy(int.Parse(Server.BootstrapServers.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    public override async ValueTask DisposeAsync()
    {
        if (_proxy is not null) await _proxy.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override Task<bool> StrikeAsync(Run run, Random random)
    {
        run.Journal.Fault(Name);
        _proxy!.Strike(random);
        return Task.FromResult(true);
    }
}

/// <summary>Every so often an fsync takes 150 ms, all the time.</summary>
internal sealed class SlowFsync(IServer server) : Nemesis("slow fsync", server)
{
    public static readonly string[] Wrapper =
        ["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=150000:when=1+5"];
}
