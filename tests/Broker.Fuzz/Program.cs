using System.Globalization;
using Streams.Broker.Fuzz.Fuzzing;
using Streams.Broker.Fuzz.Wire;

// fuzz SEED FRAMES FILE: started by the tests as a process of its own; the file takes the frame that ended it.
// record PORT FILE: makes the corpus of real clients' frames anew, from the broker at that port.
int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

switch (args)
{
    case ["fuzz", var seed, var frames, var lastFrame]:
        return await Child.RunAsync(Number(seed), Number(frames), lastFrame);
    case ["record", var port, var file]:
        return await Recording.RunAsync(Number(port), file);
    default:
        Console.Error.WriteLine("usage: Streams.Broker.Fuzz fuzz SEED FRAMES FILE | record PORT FILE");
        return 2;
}
