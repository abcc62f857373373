using Streams.Broker.Log;
using Streams.Broker.Protocol;

namespace Streams.Broker.Tests.Log;

/// <summary>What a partition remembers of idempotent producers.</summary>
public sealed class ProducerStateTests
{
    private readonly LogBed _bed = new();

    [Fact]
    public void One_of_the_last_five_batches_repeated_gets_its_first_offset_before_and_after_a_restart()
    {
        var log = _bed.Open();
        for (var i = 0; i < 7; i++) Assert.Equal(i, Send(log, sequence: i).BaseOffset);
        for (var round = 0; round < 2; round++)
        {
            for (var i = 2; i < 7; i++) Assert.Equal(new Appended(ErrorCode.None, i), Send(log, sequence: i));
            Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, Send(log, sequence: 1).Error);
            log = _bed.Reopen(log);
        }
    }

    [Fact]
    public void A_gap_is_refused_and_an_unknown_producer_may_begin_anywhere()
    {
        var log = _bed.Open();
        Assert.Equal(ErrorCode.None, Send(log, sequence: 40).Error);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, Send(log, sequence: 42).Error);
        Assert.Equal(ErrorCode.None, Send(log, sequence: 41).Error);
    }

    [Fact]
    public void Sequences_go_round_at_the_largest_number()
    {
        var log = _bed.Open();
        Assert.Equal(0, log.Append(LogBed.Batch("v", [1, 1, 1], 7, 0, int.MaxValue - 1)).BaseOffset);
        Assert.Equal(new Appended(ErrorCode.None, 0), log.Append(LogBed.Batch("v", [1, 1, 1], 7, 0, int.MaxValue - 1)));
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, Send(log, sequence: 0).Error);
        Assert.Equal(3, Send(log, sequence: 1).BaseOffset);
        log = _bed.Reopen(log);
        Assert.Equal(new Appended(ErrorCode.None, 0), log.Append(LogBed.Batch("v", [1, 1, 1], 7, 0, int.MaxValue - 1)));
        Assert.Equal(4, Send(log, sequence: 2).BaseOffset);
    }

    [Fact]
    public void Zero_follows_the_largest_number()
    {
        var log = _bed.Open();
        Assert.Equal(0, Send(log, sequence: int.MaxValue).BaseOffset);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, Send(log, sequence: 1).Error);
        Assert.Equal(1, Send(log, sequence: 0).BaseOffset);
    }

    [Fact]
    public void An_older_epoch_is_fenced_and_a_newer_one_begins_at_0()
    {
        var log = _bed.Open();
        Send(log, sequence: 0, epoch: 3);
        Assert.Equal(ErrorCode.InvalidProducerEpoch, Send(log, sequence: 1, epoch: 2).Error);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, Send(log, sequence: 5, epoch: 4).Error);
        Assert.Equal(ErrorCode.None, Send(log, sequence: 0, epoch: 4).Error);
        log = _bed.Reopen(log);
        Assert.Equal(ErrorCode.InvalidProducerEpoch, Send(log, sequence: 1, epoch: 3).Error);
        Assert.Equal(ErrorCode.None, Send(log, sequence: 1, epoch: 4).Error);
    }

    [Fact]
    public void A_marker_of_a_newer_epoch_fences_the_older_one_and_lets_the_newer_begin_at_0_alone()
    {
        var log = _bed.Open();
        log.Append(LogBed.Batch("v", [1], 7, 0, 0, transactional: true));
        Assert.True(log.AppendMarker(7, 1, commit: false, 5));
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(ErrorCode.InvalidProducerEpoch, Send(log, sequence: 1, epoch: 0).Error);
            Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, Send(log, sequence: 1, epoch: 1).Error);
            log = _bed.Reopen(log);
        }
        Assert.Equal(ErrorCode.None, Send(log, sequence: 0, epoch: 1).Error);
    }

    [Fact]
    public void An_idle_producer_is_forgotten_and_goes_on_without_a_gap()
    {
        const long Day = 24 * 3600 * 1000;
        var log = _bed.Open();
        for (var i = 0; i < 3; i++) Send(log, sequence: i);
        _bed.Clock.Now += Day - 1;
        log.ExpireProducers(_bed.Clock.Now, Day);
        Assert.Single(log.Producers());
        _bed.Clock.Now += 1;
        log.ExpireProducers(_bed.Clock.Now, Day);
        Assert.Empty(log.Producers());
        Assert.Equal(3, Send(log, sequence: 3).BaseOffset);
    }

    [Fact]
    public void A_producer_with_an_open_transaction_is_never_forgotten()
    {
        var log = _bed.Open();
        log.Append(LogBed.Batch("v", [1], 7, 0, 0, transactional: true));
        log = _bed.Reopen(log);
        _bed.Clock.Now += 1_000_000_000;
        log.ExpireProducers(_bed.Clock.Now, 1);
        Assert.True(log.HasOpenTransaction(7));
        Assert.Equal(0, log.LastStableOffset);
        Assert.True(log.AppendMarker(7, 0, commit: true, 5));
        _bed.Clock.Now += 1;
        log.ExpireProducers(_bed.Clock.Now, 1);
        Assert.Empty(log.Producers());
    }

    [Fact]
    public void The_clock_may_go_back()
    {
        var log = _bed.Open();
        Send(log, sequence: 0);
        _bed.Clock.Now -= 10_000_000;
        log.ExpireProducers(_bed.Clock.Now, 1000);
        log.Retain(_bed.Clock.Now);
        Assert.Equal(1, Send(log, sequence: 1).BaseOffset);
    }

    private static Appended Send(PartitionLog log, int sequence, short epoch = 0) => log.Append(LogBed.Batch("v", [1], producerId: 7, epoch, sequence));
}
