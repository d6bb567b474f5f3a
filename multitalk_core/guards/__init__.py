"""What ends work in time: interruption, too little memory, too many processes, numbers that are not finite."""
