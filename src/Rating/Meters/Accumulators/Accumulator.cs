using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>What one group of a window has gathered. Whatever is refused leaves it as it was.</summary>
abstract class Accumulator
{
    /// <summary>How many events it holds.</summary>
    public long Events { get; protected set; }

    public virtual bool IsEmpty => Events == 0;

    /// <summary>The standard error in millionths; 0: exact.</summary>
    public virtual int ErrorPpm => 0;

    public static Accumulator Create(MeterDefinition definition, TimeWindow window) =>
        definition.KeptEvents > 0 ? new KeptAccumulator(definition, window) : Plain(definition, window);

    /// <summary>Without kept events.</summary>
    public static Accumulator Plain(MeterDefinition definition, TimeWindow window) => definition.Aggregation switch
    {
        Aggregation.Count => new CountAccumulator(),
        Aggregation.Sum => new SumAccumulator(mean: false),
        Aggregation.Average => new SumAccumulator(mean: true),
        Aggregation.Max => new ExtremeAccumulator(greatest: true),
        Aggregation.Min => new ExtremeAccumulator(greatest: false),
        Aggregation.Latest => new LatestAccumulator(),
        Aggregation.UniqueCount => new UniqueAccumulator(definition.MaxValues, definition.HyperLogLogPrecision),
        Aggregation.TimeWeightedLevel => new LevelAccumulator(window, definition.PerMicros, definition.MaxValues),
        Aggregation.TimeWeightedDelta => new DeltaAccumulator(window, definition.PerMicros),
        Aggregation.Percentile => new PercentileAccumulator(definition.Percentile!.Value, definition.MaxValues),
        _ => throw new ArgumentOutOfRangeException(nameof(definition), definition.Aggregation, "Not an aggregation"),
    };

    public abstract void Add(in Sample sample);

    /// <summary>Takes out an event that was added with the same sample.</summary>
    public virtual void Remove(in Sample original) => throw NotPossible();

    /// <summary>Takes out an event by its id alone; false if it is not there.</summary>
    public virtual bool Remove(UInt128 id) => throw NotPossible();

    /// <summary>Adds all of another accumulator of the same definition, which stays as it is.</summary>
    public abstract void Merge(Accumulator other);

    /// <summary>The exact figure (of a unique count maybe an estimate); null where there is none.</summary>
    public abstract Exact? Value();

    public abstract void Write(AvroWriter writer);

    /// <summary>Reads into a fresh accumulator what <see cref="Write"/> wrote.</summary>
    public abstract void Read(ref AvroReader reader);

    public static MeterException Unknown(UInt128 id) => new(MeterCodes.EventUnknown, $"Event {id:x32} was not added with these values");

    protected static MeterException Twice(UInt128 id) => new(MeterCodes.EventTwice, $"Event {id:x32} is already there");

    protected void Forget(in Sample original) => Events = Events > 0 ? Events - 1 : throw Unknown(original.Id);

    static MeterException NotPossible() => new(MeterCodes.RemovalNotPossible, "The meter forgets what removing an event needs: let its definition keep events");
}
