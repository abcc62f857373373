using System.Diagnostics;
using System.Globalization;
using Streams.Perf.StateStores;
using Streams.Streaming.State;

// stores-perf plain|memory|windows|seen|spill|faster KEYS OPERATIONS [FOLDER] [FASTER_MEMORY_BITS]   (faster: only if built with -p:Faster=true)
// Loads so many keys in random order, then gets, then gets and puts (read, modify, write) of random keys, with a commit each 10,000 operations.
var kind = args[0];
var keys = long.Parse(args[1], CultureInfo.InvariantCulture);
var operations = long.Parse(args[2], CultureInfo.InvariantCulture);
var folder = args.Length > 3 ? args[3] : Path.GetTempPath();
#if FASTER
var bits = args.Length > 4 ? int.Parse(args[4], CultureInfo.InvariantCulture) : 28;
#endif

using ISubject subject = kind switch
{
    "plain" => new Plain(),
    "windows" => new OwnWindows(),
    "seen" => new OwnDuplicates(),
    "memory" => new OwnStore(Stores.InMemoryKeyValueStore("s")),
    "spill" => new OwnStore(Stores.PersistentKeyValueStore("s", null, new SpillOptions(folder))),
#if FASTER
    "faster" => new Faster(folder, keys, bits),
#endif
    _ => throw new ArgumentException($"no store \"{kind}\""),
};

Measure("load", keys, i => subject.Put(Scattered(i), new Value { Count = 1 }));
var random = new Random(1);
Measure("get", operations, _ =>
{
    if (!subject.TryGet(Scattered(random.NextInt64(keys)), out var value) || value.Count == 0)
        throw new InvalidDataException("a key is not there");
});
Measure("get and put", operations, _ =>
{
    var key = Scattered(random.NextInt64(keys));
    subject.TryGet(key, out var value);
    value.Count++;
    subject.Put(key, value);
});

// Distinct keys in an order that has nothing to do with their number.
static long Scattered(long i) => unchecked((long)((ulong)i * 0x9E3779B97F4A7C15));

void Measure(string what, long count, Action<long> operation)
{
    using var process = Process.GetCurrentProcess();
    var (cpu, wall) = (process.TotalProcessorTime, Stopwatch.StartNew());
    for (long i = 0; i < count; i++)
    {
        operation(i);
        if (i % 10_000 == 9_999)
            subject.Commit();
    }
    subject.Commit();
    process.Refresh();
    var (spent, passed) = ((process.TotalProcessorTime - cpu).TotalSeconds, wall.Elapsed.TotalSeconds);
    var resident = File.ReadLines("/proc/self/status").Where(l => l.StartsWith("RssAnon", StringComparison.Ordinal) || l.StartsWith("RssFile", StringComparison.Ordinal))
        .Select(l => string.Join(' ', l.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[..2]));
    Console.WriteLine(FormattableString.Invariant(
        $"{kind,-7} {keys,10} keys  {what,-12} {count / passed / 1e3,8:F0} k/s  {spent / count * 1e9,6:F0} ns CPU  heap {GC.GetTotalMemory(false) / 1e6,6:F0} MB  {string.Join("  ", resident)} kB"));
}
