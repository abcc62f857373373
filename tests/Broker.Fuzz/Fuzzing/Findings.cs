using System.Collections.Concurrent;

namespace Streams.Broker.Fuzz.Fuzzing;

/// <summary>What frames did that they must not, the first frame of each kind.</summary>
internal sealed class Findings
{
    private readonly ConcurrentDictionary<string, (byte[] Frame, int Count)> _found = new();

    public int Kinds => _found.Count;

    public void Add(string what, byte[] frame) => _found.AddOrUpdate(what, (frame, 1), (_, first) => (first.Frame.Length <= frame.Length ? first.Frame : frame, first.Count + 1));

    public void Print()
    {
        foreach (var (what, (frame, count)) in _found.OrderByDescending(f => f.Value.Count))
            Console.WriteLine($"finding x{count}: {what}\n  frame {Convert.ToHexString(frame.AsSpan(0, Math.Min(600, frame.Length)))}");
    }
}
