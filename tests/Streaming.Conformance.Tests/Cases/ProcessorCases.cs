using System.Globalization;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>Forwards a record as it is, and again under another key a millisecond later.</summary>
sealed class Twice : IProcessor<string, string, string, string>
{
    private IProcessorContext<string, string> _context = null!;

    public void Init(IProcessorContext<string, string> context) => _context = context;

    public void Process(in Record<string, string> record)
    {
        _context.Forward(in record);
        _context.Forward(record.WithKey(Fn.Text(record.Key) + "'").WithTimestamp(record.Timestamp + 1));
    }
}

/// <summary>Counts records, and tells the count each 10 ms of stream time.</summary>
sealed class Ticks : IProcessor<string, string, string, string>
{
    private IProcessorContext<string, string> _context = null!;
    private int _count;

    public void Init(IProcessorContext<string, string> context)
    {
        _context = context;
        context.Schedule(TimeSpan.FromMilliseconds(10), PunctuationType.StreamTime,
            time => context.Forward(new Record<string, string>("tick", _count.ToString(CultureInfo.InvariantCulture), time)));
    }

    public void Process(in Record<string, string> record)
    {
        _count++;
        _context.Forward(in record);
    }
}
