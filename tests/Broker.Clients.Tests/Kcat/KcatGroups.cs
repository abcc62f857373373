using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Streams.Broker.Clients.Tests.Kcat;

/// <summary>kcat -G tells on stderr which partitions it is given and loses.</summary>
sealed partial class KcatGroups(Target target) : KcatKit(target)
{
    public async Task Commits()
    {
        var topic = await TopicAsync();
        var group = Unique("group");
        Fill(topic, 10);
        Assert.Equal(Numbered("v", 5), await GroupAsync(group, topic, "-c", "5"));
        Assert.Equal(["v5", "v6", "v7"], await GroupAsync(group, topic, "-c", "3"));
    }

    public async Task Reset()
    {
        var topic = await TopicAsync();
        Fill(topic, 10);
        Assert.Equal(Numbered("v", 10), await GroupAsync(Unique("group"), topic, "-e", "-o", "beginning"));
        Assert.Empty(await GroupAsync(Unique("group"), topic, "-e", "-X", "topic.auto.offset.reset=latest"));
        Assert.Equal(["v0"], await ReadAsync(topic, "-o", "1000", "-X", "topic.auto.offset.reset=earliest", "-c", "1"));
    }

    public Task Rebalance() => JoinAndLeaveAsync("range", whole: true);

    public Task Cooperative() => JoinAndLeaveAsync("cooperative-sticky", whole: false);

    public async Task Static()
    {
        var topic = await TopicAsync(4);
        var group = Unique("group");
        using var other = new Member(this, group, topic, "-X", "group.instance.id=other");
        await other.WaitAsync(4);
        var first = new Member(this, group, topic, "-X", "group.instance.id=static");
        await first.WaitAsync(2);
        await other.WaitAsync(2);
        var had = first.Partitions;
        await first.EndAsync();
        using var again = new Member(this, group, topic, "-X", "group.instance.id=static");
        await again.WaitAsync(2);
        Assert.Equal(had, again.Partitions);
        Assert.Equal(2, other.Partitions.Count);
        Assert.Equal(2, other.Rebalances);
        await again.EndAsync();
        await other.EndAsync();
    }

    /// <param name="whole">Whether the first member loses all of its partitions in each rebalance, not just those that go to the other one.</param>
    private async Task JoinAndLeaveAsync(string strategy, bool whole)
    {
        var topic = await TopicAsync(4);
        var group = Unique("group");
        using var first = new Member(this, group, topic, "-X", $"partition.assignment.strategy={strategy}");
        await first.WaitAsync(4);
        using var second = new Member(this, group, topic, "-X", $"partition.assignment.strategy={strategy}");
        await second.WaitAsync(2);
        await first.WaitAsync(2);
        Assert.Equal(whole, first.LostAll);
        await second.EndAsync();
        await first.WaitAsync(4);
        await first.EndAsync();
    }

    private async Task<string[]> GroupAsync(string group, string topic, params string[] arguments) =>
        Lines(await Program.OutputAsync("kcat", ["-b", Servers, "-G", group, "-q", "-X", "auto.offset.reset=earliest", .. arguments, topic]));

    /// <summary>A kcat that runs as member of a group.</summary>
    private sealed partial class Member : IDisposable
    {
        private readonly Process _process;
        private readonly SortedSet<int> _partitions = [];
        private readonly List<string> _said = [];

        public Member(KcatKit kit, string group, string topic, params string[] arguments)
        {
            _process = ((KcatGroups)kit).Start(["-G", group, .. arguments, topic]);
            _process.ErrorDataReceived += (_, e) => Note(e.Data);
            _process.BeginErrorReadLine();
        }

        public bool LostAll { get; private set; }

        public int Rebalances { get; private set; }

        public IReadOnlyCollection<int> Partitions
        {
            get { lock (_said) return [.. _partitions]; }
        }

        public async Task WaitAsync(int partitions)
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            while (Partitions.Count != partitions)
            {
                Assert.True(watch.Elapsed < Patience, $"not in time: {partitions} partitions; kcat has {Partitions.Count} and said: {Said}");
                await Task.Delay(10);
            }
        }

        public async Task EndAsync()
        {
            await Program.SignalAsync(_process, "INT");
            await _process.WaitForExitAsync().WaitAsync(Patience);
        }

        public void Dispose()
        {
            if (!_process.HasExited) _process.Kill();
            _process.Dispose();
        }

        private string Said
        {
            get { lock (_said) return string.Join(" / ", _said); }
        }

        private void Note(string? line)
        {
            if (line is null) return;
            lock (_said)
            {
                _said.Add(line);
                if (!line.Contains("rebalanced", StringComparison.Ordinal)) return;
                var named = NamedPartitions().Matches(line).Select(m => int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ToList();
                if (line.Contains("revoke", StringComparison.Ordinal))
                {
                    _partitions.ExceptWith(named);
                    LostAll |= _partitions.Count == 0;
                }
                else
                {
                    _partitions.UnionWith(named);
                    Rebalances++;
                }
            }
        }

        [GeneratedRegex(@"\[(\d+)\]")]
        private static partial Regex NamedPartitions();
    }
}
