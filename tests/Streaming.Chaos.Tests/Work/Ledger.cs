using System.Buffers.Binary;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>
/// Drops records whose id came before within so many offsets, and counts and sums the others by key: each writes the key's new count and sum with its own place,
/// so that a record processed twice, or state out of step with the offsets, shows in the output.
/// </summary>
internal sealed class Ledger(IBeforeCommit? beforeCommit) : IProcessor
{
    public const string Totals = "totals", Seen = "seen";
    public const int Horizon = 1000;

    private IProcessorContext context = null!;
    private BytesStore totals = null!;
    private SeenStore seen = null!;
    private string dead = "";

    public string DeadTopic { init => dead = value; }

    public void Init(IProcessorContext context)
    {
        this.context = context;
        totals = context.GetStateStore<BytesStore>(Totals);
        seen = context.GetStateStore<SeenStore>(Seen);
    }

    public void Process(in Record record)
    {
        beforeCommit?.Saw(record.Partition, record.Offset);
        if (!record.HasKey)
        {
            context.SetAside(dead, in record, "KEY_MISSING", "validation", "the record has no key");
            return;
        }
        var id = BinaryPrimitives.ReadInt64BigEndian(record.Value);
        seen.Forget(record.Offset - Horizon);
        if (seen.Contains(id))
        {
            Span<byte> place = stackalloc byte[16];
            BinaryPrimitives.WriteInt64BigEndian(place, id);
            BinaryPrimitives.WriteInt64BigEndian(place[8..], record.Offset);
            context.Forward("duplicates", record.Key, place, record.Timestamp);
            return;
        }
        Account(in record, BinaryPrimitives.ReadInt64BigEndian(record.Value[8..]));
        if (record.Value.Length > 16) throw new FormatException("the value is too long");
        seen.Add(id, record.Offset);
    }

    public void BeforeCommit() => beforeCommit?.Commit();

    private void Account(in Record record, long amount)
    {
        var before = totals.Get(record.Key);
        Span<byte> entry = stackalloc byte[28];
        BinaryPrimitives.WriteInt64BigEndian(entry, before.IsEmpty ? 1 : BinaryPrimitives.ReadInt64BigEndian(before) + 1);
        BinaryPrimitives.WriteInt64BigEndian(entry[8..], before.IsEmpty ? amount : BinaryPrimitives.ReadInt64BigEndian(before[8..]) + amount);
        totals.Put(record.Key, entry[..16]);
        BinaryPrimitives.WriteInt32BigEndian(entry[16..], record.Partition);
        BinaryPrimitives.WriteInt64BigEndian(entry[20..], record.Offset);
        context.Forward("sink", record.Key, entry, record.Timestamp);
    }
}

/// <summary>For planted bugs: something that happens right before a commit.</summary>
internal interface IBeforeCommit
{
    void Saw(int partition, long offset);

    void Commit();
}
