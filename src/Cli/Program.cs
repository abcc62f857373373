Console.Error.WriteLine("streams: nothing here yet");
return 2;
