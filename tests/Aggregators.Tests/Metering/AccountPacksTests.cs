using System.Buffers.Binary;
using System.Text;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Streaming;
using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.Aggregators.Tests.Metering;

/// <summary>Random lives of a metering store against a plain model: whatever its changelog went through, what comes back is what was there.</summary>
public sealed class AccountPacksTests(ITestOutputHelper output)
{
    const int Month = 2026 * 12;

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(1, Tier.Of(8, 60))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void What_comes_back_from_the_changelog_is_what_was_there(int seed)
    {
        output.WriteLine($"seed {seed}");
        var life = new Life(seed);
        for (var commit = 0; commit < 150; commit++)
        {
            for (var i = life.Random.Next(250); i > 0; i--) life.Step();
            life.Commit();
            if (life.Random.Next(10) == 0) life.Compact();
            if (life.Random.Next(15) == 0) life.Crash();
        }
        life.Crash();
        output.WriteLine($"{life.Packs} packs, {life.Deleted} deleted, {life.Accounts} accounts");
        Assert.True(life.Deleted > 20, "the run never cleaned");
    }

    [Fact]
    public void Deleted_packs_and_their_numbers_do_not_come_back()
    {
        var life = new Life(1);
        for (var i = 0; i < 20; i++) life.Step();
        life.Commit();
        life.SweepAll();
        life.Commit();
        life.DropPacks(); // as a compaction much later
        life.Crash();
        for (var i = 0; i < 20; i++) life.Step();
        life.Commit();
        life.Crash();
        Assert.Equal([3L], life.PackNumbers);
    }

    sealed class Life(int seed) : IChangelog
    {
        readonly List<(byte[] Key, byte[]? Value)> _log = [];
        readonly SortedDictionary<string, Model> _model = new(StringComparer.Ordinal);
        readonly Terms[] _terms = new[] { "m", "n" }.Select(m => FixedTerms.Parse(Encoding.UTF8.GetBytes(Bench.Plan)).Find("c", m, new(Bench.Noon)).Terms!).ToArray();
        MeteringStore _store = new("metering");
        long _offset;

        public Random Random { get; } = new(seed);

        public long Packs { get; private set; }

        public long Deleted { get; private set; }

        public int Accounts => _model.Count;

        public IEnumerable<long> PackNumbers => _log.Where(r => r.Key[0] == 'p').Select(r => BinaryPrimitives.ReadInt64BigEndian(r.Key.AsSpan(1)));

        sealed record ModelWindow(long Start, ExactDecimal Quantity, long Events, long First, long Last, UInt128 Terms);

        sealed class Model
        {
            public int Period = int.MinValue;
            public ExactDecimal Quantity;
            public List<ModelWindow> Windows = [];
        }

        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            if (key[0] == 'p') Packs++;
            _log.Add((key.ToArray(), value.ToArray()));
        }

        public void Delete(ReadOnlySpan<byte> key)
        {
            if (key[0] == 'p') Deleted++;
            _log.Add((key.ToArray(), null));
        }

        public void Step()
        {
            // Few accounts change often, most hardly ever.
            var customer = $"c-{(Random.Next(3) == 0 ? Random.Next(2000) : Random.Next(40))}";
            var meter = Random.Next(2) == 0 ? "m" : "näme";
            if (!_model.TryGetValue($"{customer}\0{meter}", out var model)) _model[$"{customer}\0{meter}"] = model = new();
            if (model.Windows.Count == 0 || (Random.Next(3) == 0 && model.Windows.Count < 4)) Open(customer, meter, model);
            else if (Random.Next(4) == 0) Close(customer, meter, model);
            else Add(customer, meter, model);
            if (Random.Next(20_000) == 0) SweepAll();
        }

        public void SweepAll()
        {
            foreach (var (key, model) in _model.ToList())
            {
                while (model.Windows.Count > 0) Close(key.Split('\0')[0], key.Split('\0')[1], model);
                _model.Remove(key);
            }
            _store.Sweep(Month + 1);
        }

        public void Commit() => _store.Flush(this);

        /// <summary>Of each key in some first part of the log only the last record stays, deletions at times not even then.</summary>
        public void Compact()
        {
            var part = Random.Next(_log.Count);
            var last = new Dictionary<string, int>(StringComparer.Ordinal);
            for (var i = 0; i < part; i++) last[Convert.ToHexString(_log[i].Key)] = i;
            var kept = _log.Where((r, i) => i >= part || (last[Convert.ToHexString(r.Key)] == i && (r.Value is not null || Random.Next(2) == 0))).ToList();
            _log.Clear();
            _log.AddRange(kept);
        }

        public void DropPacks() => _log.RemoveAll(r => r.Key[0] == 'p');

        /// <summary>A new store from the log, the end of which may come twice; then everything is compared.</summary>
        public void Crash()
        {
            _store = new("metering");
            foreach (var (key, value) in _log) _store.Restore(key, value ?? [], value is null);
            for (var i = Random.Next(_log.Count + 1); i < _log.Count; i++) _store.Restore(_log[i].Key, _log[i].Value ?? [], _log[i].Value is null);
            _store.FinishRestore();
            Assert.Equal((_model.Count, _model.Values.Sum(m => m.Windows.Count)), (_store.AccountCount, _store.WindowCount));
            foreach (var (key, model) in _model) Compare(key, model);
            var living = _log.GroupBy(r => Convert.ToHexString(r.Key)).Select(g => g.Last()).Where(r => r.Key[0] == 'p').Sum(r => r.Value?.Length ?? 0);
            Assert.True(living < (2 * _model.Count + 4096 + 500) * 150, $"{living} bytes of packs for {_model.Count} accounts");
        }

        void Compare(string key, Model model)
        {
            var account = Find(key.Split('\0')[0], key.Split('\0')[1]);
            Assert.NotEqual(Account.None, account);
            Assert.Equal((model.Period, model.Quantity), (_store[account].Period, _store[account].Quantity));
            foreach (var expected in model.Windows)
            {
                var window = _store.Window(_store.FindWindow(account, expected.Start));
                Assert.Equal(expected, new(window.Start, window.Quantity, window.Events, window.FirstOffset, window.LastOffset, window.Terms.Terms!.Id));
            }
        }

        void Open(string customer, string meter, Model model)
        {
            var start = Bench.Noon + Random.Next(60) * 60_000_000L;
            if (model.Windows.Exists(w => w.Start == start)) return;
            var account = Find(customer, meter);
            if (account == Account.None) account = _store.AddAccount(Encoding.UTF8.GetBytes(customer), Encoding.UTF8.GetBytes(meter));
            var terms = _terms[Random.Next(_terms.Length)];
            ref var window = ref _store.Window(_store.Open(account, start, terms));
            window.FirstOffset = window.LastOffset = _offset++;
            window.Events = 1;
            model.Windows.Add(new(start, ExactDecimal.Zero, 1, window.FirstOffset, window.LastOffset, terms.Id));
            _store.Touch(account);
        }

        void Add(string customer, string meter, Model model)
        {
            var at = Random.Next(model.Windows.Count);
            var account = Find(customer, meter);
            ref var window = ref _store.Window(_store.FindWindow(account, model.Windows[at].Start));
            var quantity = ExactDecimal.Parse($"{Random.Next(1000)}.{Random.Next(1000):D3}");
            window.Quantity += quantity;
            window.Events++;
            window.LastOffset = _offset++;
            model.Windows[at] = model.Windows[at] with { Quantity = model.Windows[at].Quantity + quantity, Events = model.Windows[at].Events + 1, Last = window.LastOffset };
            _store.Touch(account);
        }

        void Close(string customer, string meter, Model model)
        {
            var closed = model.Windows[Random.Next(model.Windows.Count)];
            model.Windows.Remove(closed);
            var account = Find(customer, meter);
            _store[account].Period = model.Period = Month;
            _store[account].Quantity = model.Quantity += closed.Quantity;
            _store.Close(_store.FindWindow(account, closed.Start));
            _store.Touch(account);
        }

        int Find(string customer, string meter)
        {
            var (c, m) = (Encoding.UTF8.GetBytes(customer), Encoding.UTF8.GetBytes(meter));
            return _store.FindAccount(MeteringStore.HashOf(c, m), c, m);
        }
    }
}
