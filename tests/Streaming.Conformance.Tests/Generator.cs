namespace Streams.Streaming.Conformance.Tests;

/// <summary>What the records of a case are like.</summary>
/// <param name="Topics">Where they go, in equal shares.</param>
/// <param name="Nulls">Null values in a hundred.</param>
/// <param name="Numbers">Numbers that values have; 0 is a number of its own for each record.</param>
/// <param name="Tick">What all times are multiples of.</param>
/// <param name="MostLate">A record that is later than this but not later than <see cref="TooLate"/> comes as late as this.</param>
sealed record Shape(string[] Topics, int Nulls, int Numbers, int Tick = 1, int MostLate = int.MaxValue)
{
    public int TooLate { get; init; } = int.MaxValue;

    public static Shape Stream { get; } = new(["a"], 8, 0);

    public static Shape Even { get; } = Stream with { Tick = 2 };

    public static Shape Table { get; } = new(["a"], 20, 6);
}

/// <summary>
/// Random sequences from a seed: few keys and a null one, tombstones, times that stand still, go on, jump ahead and fall back across windows and graces, from the
/// epoch on. The generator of random numbers is written out so that a seed means the same everywhere and forever.
/// </summary>
sealed class Generator
{
    private const string Letters = "aabbccddz";
    private ulong _state;
    private readonly Shape _shape;
    private long _time, _latest;

    private Generator(ulong seed, Shape shape)
    {
        _state = seed;
        _shape = shape;
        // A window that begins with the epoch ends at no multiple of the tick.
        _time = shape.Tick == 1 && Below(2) == 0 ? Below(10) : 100 + Below(100);
    }

    public static IReadOnlyList<Input> Sequence(string name, Shape shape, ulong seed, int number, int length)
    {
        var generator = new Generator(Mix(unchecked(seed + Hash(name) + ((ulong)number << 40))), shape);
        return [.. Enumerable.Range(0, length).Select(generator.Next)];
    }

    private Input Next(int index)
    {
        var topic = _shape.Topics[Below(_shape.Topics.Length)];
        var key = Below(100) < 4 ? null : "abcd".Substring(Below(Below(3) == 0 ? 4 : 2), 1);
        var value = Below(100) < _shape.Nulls ? null : $"{Letters[Below(Letters.Length)]}:{(_shape.Numbers == 0 ? index : Below(_shape.Numbers))}";
        var time = Time();
        if (key is not null && value is not null) _latest = Math.Max(_latest, time);
        return new Input(topic, key, value, time);
    }

    private long Time()
    {
        _time += Below(100) switch { < 25 => 0, < 92 => Below(5), _ => Below(60) };
        var time = Math.Max(0, _time - (Below(4) == 0 ? Below(32) : 0)) / _shape.Tick * _shape.Tick;
        return _latest - time > _shape.MostLate && _latest - time <= _shape.TooLate ? _latest - _shape.MostLate : time;
    }

    private int Below(int limit)
    {
        _state = unchecked(_state + 0x9E3779B97F4A7C15);
        return (int)(Mix(_state) % (ulong)limit);
    }

    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }

    private static ulong Hash(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in text) hash = unchecked((hash ^ c) * 1099511628211UL);
        return hash;
    }
}
