using Streams.Broker.Log;
using Streams.Broker.Protocol;
using Xunit.Abstractions;

namespace Streams.Broker.Tests.Log;

/// <summary>
/// Random operations on a log beside a reference that is a list: appends, repeated batches, transactions, flushes, rolls, retention, deleted records, compaction,
/// a full disk, restarts, and power cuts in the middle of any of them.
/// </summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    private static int Sequences => Tier.Of(300, 10_000);

    [Fact]
    public void A_log_does_what_a_list_would_do()
    {
        const int FirstSeed = 20_261_121;
        output.WriteLine($"seeds {FirstSeed} to {FirstSeed + Sequences - 1}");
        Parallel.For(0, Sequences, i =>
        {
            var run = new Run(FirstSeed + i);
            try
            {
                run.Go(60);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {FirstSeed + i}, {run.Doing}: {e.Message}\n{e.StackTrace}\n{run.Told}", e);
            }
        });
    }

    private sealed record Written(long Offset, int Count, string Value, long Producer, int Sequence, bool Transactional, bool IsMarker)
    {
        public bool IsCompacted { get; set; }

        public long End => Offset + Count;
    }

    private sealed class Run(int seed)
    {
        private static readonly long[] Plain = [1, 2, 3];
        private static readonly long[] Transactional = [100, 101];
        private readonly Random _random = new(seed);
        private readonly LogBed _bed = new();
        private readonly List<Written> _all = [];
        private readonly List<string> _told = [];
        private PartitionLog _log = null!;
        private long _acknowledged;
        private long _start;
        private int _values;

        public string Doing { get; private set; } = "opening";

        public string Told => string.Join('\n', _told.Concat(_bed.Logged.Lines));

        public void Go(int operations)
        {
            _bed.Config = _bed.Config with { SegmentBytes = _random.Next(100, 900) };
            _log = _bed.Open();
            for (var i = 0; i < operations; i++)
            {
                _bed.Disk.StepsLeft = _random.Next(12) == 0 ? _random.Next(8) : null;
                try
                {
                    Operate();
                    _bed.Disk.StepsLeft = null;
                }
                catch (PowerCutException)
                {
                    CutPower();
                }
                Check();
            }
        }

        private void Operate()
        {
            var dice = _random.Next(100);
            Doing = $"operation {dice}";
            _told.Add($"{Doing} at {_log.LogStartOffset} {_log.LastStableOffset} {_log.HighWatermark} {_log.LogEndOffset}");
            if (dice < 25) Append(-1, transactional: false);
            else if (dice < 40) Append(Plain[_random.Next(Plain.Length)], transactional: false);
            else if (dice < 50) Append(Transactional[_random.Next(Transactional.Length)], transactional: true);
            else if (dice < 57) End(Transactional[_random.Next(Transactional.Length)]);
            else if (dice < 64) Repeat();
            else if (dice < 80) Flush();
            else if (dice < 85) Retain();
            else if (dice < 88) DeleteRecords();
            else if (dice < 92) Compact();
            else if (dice < 95) FillDisk();
            else if (dice < 98) Restart();
            else CutPower();
        }

        private void Append(long producer, bool transactional)
        {
            var times = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => (long)_random.Next(1, 1000)).ToArray();
            var sequence = producer < 0 ? -1 : NextSequence(producer);
            var written = new Written(_log.LogEndOffset, times.Length, $"v{_values++}{new string('.', _random.Next(60))}", producer, sequence, transactional, false);
            _all.Add(written);
            var appended = _log.Append(LogBed.Batch(written.Value, times, producer, (short)(producer < 0 ? -1 : 0), sequence, transactional));
            Assert.Equal(new Appended(ErrorCode.None, written.Offset), appended);
        }

        private void End(long producer)
        {
            if (OpenOffset(producer) is null)
            {
                Assert.False(_log.AppendMarker(producer, 0, commit: true, 5));
                return;
            }
            var commit = _random.Next(2) == 0;
            _all.Add(new Written(_log.LogEndOffset, 1, commit ? "commit" : "abort", producer, -1, true, true));
            Assert.True(_log.AppendMarker(producer, 0, commit, 5));
        }

        private void Repeat()
        {
            var producer = Plain[_random.Next(Plain.Length)];
            var known = _all.Where(w => w.Producer == producer).TakeLast(5).ToList();
            if (known.Count == 0) return;
            var repeated = known[_random.Next(known.Count)];
            var times = Enumerable.Repeat(1L, repeated.Count).ToArray();
            var end = _log.LogEndOffset;
            Assert.Equal(new Appended(ErrorCode.None, repeated.Offset), _log.Append(LogBed.Batch("again", times, producer, 0, repeated.Sequence)));
            Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, _log.Append(LogBed.Batch("gap", [1], producer, 0, NextSequence(producer) + 1)).Error);
            Assert.Equal(end, _log.LogEndOffset);
        }

        private void Flush()
        {
            _log.Flush();
            _acknowledged = _log.LogEndOffset;
        }

        private void Retain()
        {
            _log.Config = _log.Config with { RetentionBytes = _random.Next(0, 2000) };
            var stable = _log.LastStableOffset;
            _log.Retain(_bed.Clock.Now);
            _log.Config = _log.Config with { RetentionBytes = -1 };
            Assert.InRange(_log.LogStartOffset, _start, Math.Max(_start, stable));
            _start = _log.LogStartOffset;
        }

        private void DeleteRecords()
        {
            _start = Math.Max(_start, _random.NextInt64(_log.LogStartOffset, _log.HighWatermark + 1));
            _log.DeleteRecordsBefore(_start);
            if (_random.Next(2) == 0) _log.Retain(_bed.Clock.Now);
        }

        private void Compact()
        {
            var closed = _log.Closed();
            if (closed.Count == 0) return;
            var from = _random.Next(closed.Count);
            var old = closed.Skip(from).Take(_random.Next(1, 3)).ToList();
            var kept = new MemoryStream();
            var going = new List<Written>();
            foreach (var segment in old)
            {
                using var reader = new BatchReader(segment.File, 0, segment.Size);
                while (reader.Next(out var bytes))
                {
                    var batch = new RecordBatch(bytes);
                    var offset = batch.BaseOffset;
                    var isLast = reader.Position == segment.Size;
                    if (!isLast && !batch.HasProducer && _random.Next(2) == 0) going.Add(_all.Single(w => w.Offset == offset));
                    else kept.Write(bytes);
                }
            }
            using (var draft = _bed.Disk.Open(_log.CleaningPath))
            {
                draft.SetLength(0);
                draft.Write(kept.ToArray(), 0);
            }
            _compacting = going;
            Assert.True(_log.Replace(old, _bed.Clock.Now));
            foreach (var written in going) written.IsCompacted = true;
            _compacting = [];
        }

        private List<Written> _compacting = [];

        private void FillDisk()
        {
            _bed.Disk.StepsLeft = null;
            _bed.Disk.IsFull = true;
            var (end, size) = (_log.LogEndOffset, _log.Size);
            try
            {
                Assert.Throws<IOException>(() => _log.Append(LogBed.Batch("too much", [1])));
                Assert.Equal((end, size), (_log.LogEndOffset, _log.Size));
            }
            finally
            {
                _bed.Disk.IsFull = false;
            }
        }

        private void Restart()
        {
            var end = _log.LogEndOffset;
            _log.Dispose();
            Open();
            Assert.Equal((end, end), (_log.LogEndOffset, _log.HighWatermark));
            _acknowledged = end;
        }

        private void CutPower()
        {
            Doing += ", power cut";
            _bed.Disk = _bed.Disk.AfterPowerCut(_random);
            Open();
            Assert.True(_log.HighWatermark >= _acknowledged, $"lost: {_log.HighWatermark} of {_acknowledged}");
            _all.RemoveAll(w => w.Offset >= _log.HighWatermark);
            Assert.Equal(_log.HighWatermark, _all.Count == 0 ? 0 : _all[^1].End);
            if (_compacting.Count > 0 && LogBed.ReadAll(_log).All(r => _compacting.All(w => w.Offset != r.Offset)))
            {
                foreach (var written in _compacting) written.IsCompacted = true;
            }
            _compacting = [];
            Assert.InRange(_log.LogStartOffset, _start, _log.HighWatermark);
            _start = _log.LogStartOffset;
            _acknowledged = _log.HighWatermark;
        }

        private void Open()
        {
            _log = new PartitionLog(new LogHost(_bed.Disk, _bed.Clock, (reason, _) => _bed.Deaths.Add(reason)), LogBed.Directory, "t", 0, _bed.Config);
            _log.DeleteRecordsBefore(_start);
            _log.Recover(_bed.Logged);
            Assert.False(_log.IsDamaged);
        }

        private void Check()
        {
            Doing += ", checking";
            Assert.Empty(_bed.Deaths);
            Assert.Equal(_start, _log.LogStartOffset);
            Assert.Equal(Expected(_log.HighWatermark), LogBed.ReadAll(_log, maxBytes: _random.Next(1, 500)));
            var stable = Math.Min(_log.HighWatermark, Transactional.Select(p => OpenOffset(p, _log.HighWatermark) ?? long.MaxValue).Min());
            Assert.Equal(Math.Max(_start, stable), _log.LastStableOffset);
        }

        private List<(long, string)> Expected(long until) =>
            [.. _all.Where(w => !w.IsCompacted).SelectMany(w => Enumerable.Range(0, w.Count).Select(i => (w.Offset + i, w.Value))).Where(r => r.Item1 >= _start && r.Item1 < until)];

        private int NextSequence(long producer) => _all.LastOrDefault(w => w.Producer == producer && !w.IsMarker) is { } last ? last.Sequence + last.Count : 0;

        private long? OpenOffset(long producer, long until = long.MaxValue)
        {
            long? open = null;
            foreach (var written in _all.Where(w => w.Producer == producer && w.Offset < until)) open = written.IsMarker ? null : open ?? written.Offset;
            return open;
        }
    }
}
