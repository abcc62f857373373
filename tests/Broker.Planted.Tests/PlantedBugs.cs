namespace Streams.Broker.Planted.Tests;

/// <summary>The bugs, by what they break, each with the test that catches it. Many have stood in brokers and databases that people use.</summary>
internal static class PlantedBugs
{
    private const string Unit = "Broker.Tests";
    private const string Crash = "Broker.Crash.Tests";
    private const string PowerCut = "CrashStateTests.What_was_acknowledged_survives_a_power_cut_anywhere";

    public static readonly PlantedBug[] All =
    [
        // The disk
        new("acknowledged before fsync", "Log/GroupCommit.cs", "return _round.Task;", "return Task.CompletedTask;", Crash, PowerCut),
        new("a new segment's name is not synced", "Log/PartitionLog.cs", "_host.Disk.SyncDirectory(_directory);", "", Crash, PowerCut),
        new("a failed fsync is taken for a good one", "Log/GroupCommit.cs", "else Fail(round, error);", "else round.SetResult();", Unit, "DiskTroubleTests.A_failed_fsync_ends_the_process"),
        new("the journal is not synced", "Metadata/Journal.cs", "            _file.Sync();\n            KillPoint", "            KillPoint", Crash, PowerCut),
        new("a commit of offsets is answered before it is on disk", "Api/OffsetCommit.cs", "return node.Journal.FlushAsync();", "return Task.CompletedTask;", Crash, PowerCut),
        new("files go before the new start of the log is on disk", "Log/PartitionLog.Retention.cs", "start.Write(_host.Disk, StartPath);", "", Unit, "RetentionTests.The_power_may_be_cut_at_every_step_of_a_deletion"),

        // Recovery
        new("recovery cuts the log off at the first bad batch", "Log/PartitionLog.Recovery.cs", "if (!follows || !isLast || isShort) Refuse(", "if (!follows) Refuse(", Unit, "RecoveryTests.Every_flipped_bit"),
        new("checksums are not looked at when a log is read back", "Log/RecordBatch.cs", "\n            && batch.CrcIsRight;", ";", Unit, "RecoveryTests.Every_flipped_bit"),
        new("missing records are passed over", "Log/PartitionLog.Recovery.cs", ": batch.BaseOffset != LogEndOffset) break;", ": batch.BaseOffset < LogEndOffset) break;", Unit, "CleanedSegmentTests.A_hole_in_a_segment_that_was_not_compacted"),
        new("producers of deleted segments are forgotten", "Log/PartitionLog.Recovery.cs", "var entry = _producers[producer.ProducerId] = new", "var entry = new", Unit, "RetentionTests.A_repeated_batch_is_known_although_its_segment_is_deleted"),
        new("what was decided before a crash is not finished", "Transactions/TransactionCoordinator.Ending.cs", "Ids.Where(id => id.IsPrepared))", "Ids.Where(id => id.IsPrepared && !id.IsKnown))", Unit, "TransactionRestartTests.A_kill_leaves_the_transaction_whole"),
        new("producer ids are reserved one by one and used by the thousand", "Transactions/ProducerIds.cs", "new ProducerIdTaken(first + BlockSize - 1)", "new ProducerIdTaken(first)", Unit, "TransactionRestartTests.No_producer_id_is_given_twice"),

        // Producers
        new("a repeated batch is written again", "Log/PartitionLog.cs", "if (duplicate is { } written) return", "if (duplicate is { BaseOffset: < 0 } written) return", Unit, "ProducerStateTests.One_of_the_last_five_batches_repeated"),
        new("four batches are remembered, not five", "Log/ProducerEntry.cs", "Remembered = 5;", "Remembered = 4;", Unit, "ProducerStateTests.One_of_the_last_five_batches_repeated"),
        new("sequences do not go round", "Log/ProducerEntry.cs", "(int)((LastSequence + 1L) & int.MaxValue)", "LastSequence + 1", Unit, "ProducerStateTests.Zero_follows_the_largest_number"),
        new("an older epoch may still write", "Log/ProducerEntry.cs", "if (batch.ProducerEpoch < Epoch) return ErrorCode.InvalidProducerEpoch;", "", Unit, "ProducerStateTests.An_older_epoch_is_fenced"),

        // Transactions
        new("the last stable offset passes open transactions", "Log/PartitionLog.cs", "_openTransactions.Count == 0 ? HighWatermark", "_openTransactions.Count >= 0 ? HighWatermark", Unit, "EmbeddedTransactions.The_list_of_aborted_transactions_is_exact"),
        new("an aborted transaction at the end of what is fetched is not told", "Log/PartitionLog.Reading.cs", "t.FirstOffset < until)", "t.FirstOffset < until - 1)", Unit, "EmbeddedTransactions.The_list_of_aborted_transactions_is_exact"),
        new("initialization does not raise the epoch", "Transactions/TransactionCoordinator.cs", "nextEpoch = (short)(id.Epoch + 1);", "nextEpoch = id.Epoch;", Unit, "EmbeddedTransactions.A_producer_that_names_itself_gets_a_new_epoch"),
        new("a delayed EndTxn ends the next transaction", "Transactions/TransactionalId.cs", "if (connection < _coordinatorConnection) return false;", "", Unit, "DelayedRequestTests.EndTxn_of_the_last_transaction_does_not_end_the_next"),
        new("offsets of an aborted transaction count", "Transactions/TransactionCoordinator.Ending.cs", "if (!e.Commit) return;", "", Unit, "EmbeddedClients.Offsets_of_a_transaction_count_when_it_commits"),
        new("offsets that may still change are told as stable", "Transactions/PendingOffsets.cs", "return _count.ContainsKey((group, topic, partition));", "return partition < 0 && _count.ContainsKey((group, topic, partition));", Unit, "EmbeddedOffsets.An_open_transaction_makes_its_offsets_unstable"),

        // Groups
        new("a stale generation may commit", "Groups/ClassicGroup.cs", "generation != Generation ?", "generation > Generation ?", Unit, "EmbeddedOffsets.Only_a_member_in_its_generation_commits"),

        // Reading and taking
        new("a batch larger than the fetch is never given", "Log/PartitionLog.Reading.cs", "(batch.Size > maxBytes && !atLeastOne)", "batch.Size > maxBytes", Unit, "EmbeddedFetch.The_first_batch_comes_whole"),
        new("an empty fetch is answered at once", "Api/Fetch.cs", "if (!read.IsEnough && query.MaxWaitMs > 0)", "if (!read.IsEnough && query.MaxWaitMs > 60_000)", Unit, "EmbeddedFetch.A_fetch_waits_as_long_as_it_may"),
        new("a waiting fetch is not woken", "Log/PartitionLog.cs", "foreach (var waiter in waiters) waiter.Wake();", "", Unit, "EmbeddedFetch.A_fetch_that_waits_is_answered_when_there_is_something"),
        new("a produced batch's checksum is not looked at", "Log/IncomingBatch.cs", "if (!batch.CrcIsRight)", "if (!batch.CrcIsRight && batch.Size < 0)", Unit, "EmbeddedFetch.A_batch_that_is_not_whole_is_refused"),
        new("max.message.bytes has no effect", "Log/IncomingBatch.cs", "if (bytes.Length > config.MaxMessageBytes && batch.Size > config.MaxMessageBytes)", "if (bytes.Length > config.MaxMessageBytes && batch.Size < 0)", Unit, "EmbeddedFetch.A_batch_larger_than_max_message_bytes_is_refused"),
        new("compacted topics take records without a key", "Log/IncomingBatch.cs", "if (config.Compacts && !records.Current.HasKey)", "if (config.Compacts && records.Current.OffsetDelta < 0)", Unit, "EmbeddedCompaction.Records_without_a_key_are_refused"),

        // Compaction
        new("records of aborted transactions survive compaction", "Log/CleanerRules.cs", "if (!batch.IsTransactional || batch.IsControl) return false;", "if (batch.BaseOffset >= 0) return false;", Unit, "CompactionModelTests"),
        new("a tombstone goes in the round that sees it first", "Log/CleanerBatches.cs", "batch.DeleteHorizon is not { } horizon || rules.Now < horizon", "(batch.DeleteHorizon is { } horizon && rules.Now < horizon)", Unit, "LogCleanerTests.The_time_of_a_tombstone_begins"),
    ];
}
