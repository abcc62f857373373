using Streams.Broker.Compression;
using Streams.Broker.Log;

namespace Streams.Broker.Tests.Cleaner;

/// <summary>Random histories against a reference: whatever is written and whenever it is cleaned, readers end up with the same table.</summary>
public sealed class CompactionModelTests
{
    private const int Keys = 8;
    private const long DeleteRetentionMs = 1000;

    [Fact]
    public void Readers_end_up_with_the_same_values_however_often_the_log_is_cleaned()
    {
        var first = Environment.TickCount;
        for (var run = 0; run < Tier.Of(100, 10_000); run++)
        {
            var seed = unchecked(first + run);
            try
            {
                new History(seed).Run();
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }
    }

    private sealed class History(int seed)
    {
        /// <summary>Half of the histories clean thoroughly and let time pass, so that markers go too; the other half crowds everything together.</summary>
        private readonly bool _isCalm = seed % 2 == 0;
        private readonly Random _random = new(seed);
        private readonly ModelLog _model = new(new LogConfig
        {
            Compacts = true, Deletes = false, SegmentBytes = 1500, MinCleanableDirtyRatio = 0, DeleteRetentionMs = DeleteRetentionMs,
            MinCompactionLagMs = seed % 3 == 0 ? 300 : 0,
        });
        private ModelReader? _slow;
        private int _value;

        public void Run()
        {
            for (var step = 0; step < 150; step++) Step();
            foreach (var producer in _model.OpenTransactions.ToList()) _model.End(producer, _random.Next(2) == 0);
            CheckTable();
            CheckNothingIsLeftOver();
        }

        private void Step()
        {
            switch (_random.Next(_isCalm ? 14 : 12))
            {
                case 0: case 1: case 2: Append(-1, false); break;
                case 3: Append(_random.Next(2), false); break;
                case 4: case 5: Append(10 + _random.Next(_isCalm ? 1 : 3), true); break;
                case 6: End(); break;
                case 7: _model.Log.Flush(); break;
                case 8: _model.Clock.Now += _random.Next(_isCalm ? 1500 : 400); break;
                case 9: Clean(); break;
                case 10: ReadSlowly(); break;
                case 12: Clean(); break;
                case 13: End(); break;
                default:
                    if (_random.Next(6) == 0) Restart();
                    break;
            }
        }

        private void Append(long producerId, bool transactional)
        {
            var records = Enumerable.Range(0, _random.Next(1, 6))
                .Select(_ => new TestRecord($"key-{_random.Next(Keys)}", _random.Next(4) == 0 ? null : $"value-{_value++}", _model.Clock.Now - _random.Next(50)));
            _model.Append([.. records], (Codec)_random.Next(5), producerId, transactional);
        }

        private void End()
        {
            if (_model.OpenTransactions.Count > 0) _model.End(_model.OpenTransactions.ElementAt(_random.Next(_model.OpenTransactions.Count)), _random.Next(2) == 0);
        }

        private void Clean()
        {
            _model.Log.Flush();
            // From a map with room for a single key to one with room for all.
            _model.Clean(24L * _random.Next(2, _isCalm ? 400 : 40));
            CheckTable();
        }

        private void Restart()
        {
            _model.Restart();
            CheckTable();
        }

        private void CheckTable()
        {
            _model.Log.Flush();
            var reader = new ModelReader(_model);
            while (reader.Fetch(_random.Next(1, 4000)));
            Assert.Equal(_model.Table(_model.Log.LastStableOffset), reader.Table);
        }

        /// <summary>A reader that has read a part may go on within delete.retention.ms, and misses no deletion.</summary>
        private void ReadSlowly()
        {
            _slow ??= new ModelReader(_model);
            if (_slow.Age >= DeleteRetentionMs) _slow = null;
            else if (_random.Next(2) == 0) _slow.Fetch(_random.Next(1, 1000));
            else
            {
                while (_slow.Fetch(_random.Next(1, 4000)));
                Assert.Equal(_model.Table(_slow.Position), _slow.Table);
                _slow = null;
            }
        }

        /// <summary>After enough rounds with a map that holds all keys: one record a key in the closed segments, no old tombstones, nothing aborted.</summary>
        private void CheckNothingIsLeftOver()
        {
            for (var round = 0; round < 5; round++)
            {
                _model.Append([new TestRecord("filler", new string('f', 2000), _model.Clock.Now)], Codec.None);
                _model.Log.Flush();
                _model.Clock.Now += DeleteRetentionMs + 400;
                _model.Clean(1 << 16);
            }
            CheckTable();
            var closed = _model.Log.Closed();
            var kept = new List<(long Offset, TestRecord Record)>();
            foreach (var segment in closed)
            {
                using var reader = new BatchReader(segment.File, 0, segment.Size);
                while (reader.Next(out var bytes))
                {
                    var batch = new RecordBatch(bytes);
                    if (!batch.IsControl) kept.AddRange(TestBatch.Read(bytes));
                }
            }
            Assert.Equal(kept.Select(r => r.Record.Key).Distinct().Count(), kept.Count);
            Assert.All(kept, r => Assert.NotNull(r.Record.Value));
            Assert.DoesNotContain(kept, r => _model.Aborted.Contains(r.Offset));
        }
    }
}
