"""What ends work: interruption, too little memory, several processes, numbers that are not finite."""
