using System.Text.Json;
using Streams.Streaming.Chaos.Tests.Processes;

// An instance of an application under test in a process of its own; it ends in good order when its standard input does.
return await Worker.RunAsync(JsonSerializer.Deserialize<Job>(args[0])!);
