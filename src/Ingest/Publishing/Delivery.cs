namespace Streams.Ingest.Publishing;

public enum DeliveryOutcome
{
    /// <summary>All in-sync replicas have it.</summary>
    Acknowledged,

    /// <summary>It surely did not reach the topic.</summary>
    NotPublished,

    /// <summary>It may have reached the topic: no answer came in time. Sending it again with the same id is safe.</summary>
    Unknown,
}

/// <summary>What became of one record; partition and offset are set when it was acknowledged, the reason when it was not.</summary>
public readonly record struct Delivery(DeliveryOutcome Outcome, int Partition, long Offset, string? Reason)
{
    public static Delivery Acknowledged(int partition, long offset) => new(DeliveryOutcome.Acknowledged, partition, offset, null);

    public static Delivery NotPublished(string reason) => new(DeliveryOutcome.NotPublished, -1, -1, reason);

    public static Delivery Unknown(string reason) => new(DeliveryOutcome.Unknown, -1, -1, reason);
}
