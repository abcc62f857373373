using System.Diagnostics;
using System.Globalization;

namespace Streams.Broker.Fuzz.Fuzzing;

/// <summary>The process that is fuzzed. Exit codes: 0 nothing found, 1 findings, 3 hung, 4 too much memory.</summary>
internal static class Child
{
    private const long MaxResident = 400L << 20;
    private const int FramesPerBroker = 20_000;
    private const int SocketShare = 20;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);
    private static long s_handled;
    private static byte[] s_current = [];

    public static async Task<int> RunAsync(int seed, int frames, string lastFrame)
    {
        var random = new Random(seed);
        var (seeds, findings, watch) = (new Seeds(random), new Findings(), Stopwatch.StartNew());
        var seen = -1L;
        await using var watchdog = new Timer(_ => seen = Watch(seen, lastFrame), null, Longest, Longest);
        AppDomain.CurrentDomain.UnhandledException += (_, _) => File.WriteAllBytes(lastFrame, s_current);
        var (direct, viaSockets, answered, refused, peak, served) = (0L, 0L, 0L, 0L, 0L, 0L);
        while (direct + viaSockets < frames)
        {
            await using (var target = new Target(findings.Add))
            {
                for (var i = 0; i < FramesPerBroker && direct + viaSockets < frames; i++, direct++)
                {
                    var frame = Next(seeds, random);
                    Volatile.Write(ref s_current, frame);
                    target.Handle(frame, random.Next(50) == 0);
                    s_handled++;
                }
                target.Drain(all: true);
                (answered, refused) = (answered + target.Answered, refused + target.Refused);
            }
            await using var sockets = await SocketRound.StartAsync();
            for (var i = 0; i < FramesPerBroker / SocketShare && direct + viaSockets < frames; i++, viaSockets++)
            {
                var frame = Next(seeds, random);
                Volatile.Write(ref s_current, frame);
                await sockets.SendAsync(frame, random);
                s_handled++;
                if (i % 100 != 0) continue;
                served++;
                if (!await sockets.ServesAsync()) findings.Add("another connection was not served", frame);
            }
            peak = Math.Max(peak, Environment.WorkingSet);
            if (peak > MaxResident)
            {
                Console.WriteLine($"{peak >> 20} MB resident after {direct + viaSockets} frames");
                return 4;
            }
        }
        findings.Print();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seed {seed}: {direct} frames direct and {viaSockets} by sockets in {watch.Elapsed.TotalSeconds:F1} s ({frames / watch.Elapsed.TotalSeconds:F0}/s), {answered} answered, {refused} refused, {served} checks of another connection, peak {peak >> 20} MB, {findings.Kinds} findings"));
        return findings.Kinds == 0 ? 0 : 1;
    }

    private static byte[] Next(Seeds seeds, Random random)
    {
        var seed = seeds.Next();
        return random.Next(10) == 0 ? seed.Bytes : Mutator.Mutate(seed, seeds.Next(), random);
    }

    /// <summary>A frame that takes longer than any may ends the process, with the frame for the record.</summary>
    private static long Watch(long seen, string lastFrame)
    {
        var now = Volatile.Read(ref s_handled);
        if (now > seen) return now;
        File.WriteAllBytes(lastFrame, Volatile.Read(ref s_current));
        Console.WriteLine($"hung at frame {now}: {Convert.ToHexString(s_current)}");
        Environment.Exit(3);
        return now;
    }
}
