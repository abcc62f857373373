using Streams.Schemas;

namespace Streams.Aggregators.Metering;

/// <summary>What became of the records since the last commit.</summary>
sealed class DispositionCounts
{
    public long FirstOffset { get; private set; } = -1;

    public long LastOffset { get; private set; }

    public long Records { get; private set; }

    public long Accepted { get; set; }

    public long Duplicate { get; set; }

    public long Late { get; set; }

    public long Parked { get; set; }

    public long DeadLettered { get; set; }

    public long Control { get; set; }

    /// <summary>Sent on to the partition of the customer above, by whose contract they are rated.</summary>
    public long Routed { get; set; }

    public long WindowsClosed { get; set; }

    public void Saw(long offset)
    {
        if (Records++ == 0) FirstOffset = offset;
        LastOffset = offset;
    }

    public MeteringTotals Totals => new(Records - Control - Routed, Duplicate, Late, WindowsClosed);

    public Dispositions ToRecord(string topic, int partition, long streamTime) => new()
    {
        Topic = topic,
        Partition = partition,
        FirstOffset = FirstOffset,
        LastOffset = LastOffset,
        Records = Records,
        Accepted = Accepted,
        Duplicate = Duplicate,
        Late = Late,
        Parked = Parked,
        DeadLettered = DeadLettered,
        Control = Control,
        StreamTime = new(streamTime),
        WindowsClosed = WindowsClosed,
        Routed = Routed,
    };
}
