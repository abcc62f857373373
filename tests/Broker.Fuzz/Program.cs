using System.Globalization;
using Streams.Broker.Fuzz.Fuzzing;

// Started by the tests as a process of its own: fuzz SEED FRAMES FILE
if (args is not ["fuzz", var seed, var frames, var lastFrame])
{
    Console.Error.WriteLine("usage: Streams.Broker.Fuzz fuzz SEED FRAMES FILE-FOR-THE-LAST-FRAME");
    return 2;
}
return await Child.RunAsync(int.Parse(seed, CultureInfo.InvariantCulture), int.Parse(frames, CultureInfo.InvariantCulture), lastFrame);
