namespace Streams.Broker.Tests.Contract;

/// <summary>What Apache Kafka 4.3 answers in each state of a transactional id to each request.</summary>
internal static class TransactionStates
{
    private const string Answers = """
        Request | Unknown | Empty | Ongoing | CompleteCommit | CompleteAbort
        Init                              | NoError | NoError | ConcurrentTransactions | NoError | NoError
        Init as itself                    | NoError | NoError | ConcurrentTransactions | NoError | NoError
        Init as another                   | NoError | ProducerFenced | ProducerFenced | ProducerFenced | ProducerFenced
        Init as another v3                | NoError | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch
        Init with half a name             | InvalidRequest | InvalidRequest | InvalidRequest | InvalidRequest | InvalidRequest
        Init too long                     | InvalidTransactionTimeout | InvalidTransactionTimeout | InvalidTransactionTimeout | InvalidTransactionTimeout | InvalidTransactionTimeout
        Init without time                 | InvalidTransactionTimeout | InvalidTransactionTimeout | InvalidTransactionTimeout | InvalidTransactionTimeout | InvalidTransactionTimeout
        AddPartitions                     | InvalidProducerIdMapping | NoError | NoError | NoError | NoError
        AddPartitions known               | InvalidProducerIdMapping | NoError | NoError | NoError | NoError
        AddPartitions with an unknown one | OperationNotAttempted+UnknownTopicOrPart+UnknownTopicOrPart | OperationNotAttempted+UnknownTopicOrPart+UnknownTopicOrPart | OperationNotAttempted+UnknownTopicOrPart+UnknownTopicOrPart | OperationNotAttempted+UnknownTopicOrPart+UnknownTopicOrPart | OperationNotAttempted+UnknownTopicOrPart+UnknownTopicOrPart
        AddPartitions older epoch         | InvalidProducerIdMapping | ProducerFenced | ProducerFenced | ProducerFenced | ProducerFenced
        AddPartitions older epoch v1      | InvalidProducerIdMapping | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch
        AddPartitions newer epoch         | InvalidProducerIdMapping | ProducerFenced | ProducerFenced | ProducerFenced | ProducerFenced
        AddPartitions foreign             | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping
        AddPartitions without id          | InvalidRequest | InvalidRequest | InvalidRequest | InvalidRequest | InvalidRequest
        AddOffsets                        | InvalidProducerIdMapping | NoError | NoError | NoError | NoError
        AddOffsets older epoch            | InvalidProducerIdMapping | ProducerFenced | ProducerFenced | ProducerFenced | ProducerFenced
        AddOffsets older epoch v1         | InvalidProducerIdMapping | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch
        AddOffsets foreign                | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping
        TxnOffsetCommit                   | InvalidProducerIdMapping | InvalidTxnState | NoError | InvalidTxnState | InvalidTxnState
        TxnOffsetCommit v0                | InvalidProducerIdMapping | InvalidTxnState | NoError | InvalidTxnState | InvalidTxnState
        TxnOffsetCommit other group       | InvalidProducerIdMapping | InvalidTxnState | InvalidTxnState | InvalidTxnState | InvalidTxnState
        TxnOffsetCommit no group          | InvalidGroupId | InvalidGroupId | InvalidGroupId | InvalidGroupId | InvalidGroupId
        TxnOffsetCommit unknown partition | UnknownTopicOrPart | UnknownTopicOrPart | UnknownTopicOrPart | UnknownTopicOrPart | UnknownTopicOrPart
        TxnOffsetCommit long metadata     | InvalidProducerIdMapping | InvalidTxnState | OffsetMetadataTooLarge | InvalidTxnState | InvalidTxnState
        TxnOffsetCommit unknown member    | InvalidProducerIdMapping | InvalidTxnState | IllegalGeneration | InvalidTxnState | InvalidTxnState
        TxnOffsetCommit unknown instance  | InvalidProducerIdMapping | InvalidTxnState | IllegalGeneration | InvalidTxnState | InvalidTxnState
        TxnOffsetCommit older epoch       | InvalidProducerIdMapping | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch
        TxnOffsetCommit foreign           | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping
        EndTxn commit                     | InvalidProducerIdMapping | InvalidTxnState | NoError | NoError | InvalidTxnState
        EndTxn abort                      | InvalidProducerIdMapping | InvalidTxnState | NoError | InvalidTxnState | NoError
        EndTxn older epoch                | InvalidProducerIdMapping | ProducerFenced | ProducerFenced | ProducerFenced | ProducerFenced
        EndTxn older epoch v1             | InvalidProducerIdMapping | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch
        EndTxn newer epoch                | InvalidProducerIdMapping | ProducerFenced | ProducerFenced | ProducerFenced | ProducerFenced
        EndTxn foreign                    | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping
        EndTxn without id                 | InvalidRequest | InvalidRequest | InvalidRequest | InvalidRequest | InvalidRequest
        Produce                           | InvalidProducerIdMapping | InvalidTxnState | NoError | InvalidTxnState | InvalidTxnState
        Produce unnamed partition         | InvalidProducerIdMapping | InvalidTxnState | InvalidTxnState | InvalidTxnState | InvalidTxnState
        Produce older epoch               | InvalidProducerIdMapping | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch
        Produce newer epoch               | InvalidProducerIdMapping | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch | InvalidProducerEpoch
        Produce foreign                   | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping | InvalidProducerIdMapping
        """;

    public static string Expected(string state)
    {
        var rows = Answers.Split('\n').Select(row => row.Split('|', StringSplitOptions.TrimEntries)).ToList();
        var column = Array.IndexOf(rows[0], state);
        return string.Join('\n', rows.Skip(1).Select(row => $"{row[0]}: {row[column]}"));
    }
}
