System.Console.WriteLine("retort");
